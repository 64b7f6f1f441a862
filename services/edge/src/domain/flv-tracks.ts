import type { FlvKeep } from '@dolphin/media';

/** What http_remux says of the header of an FLV stream: which tracks it names, and whether others are left out. */
export interface FlvTrackRule {
  /** It names what is there; `audio` and `video` mean nothing then. */
  readonly guess: boolean;
  readonly audio: boolean;
  readonly video: boolean;
  /** Frames of a track that the header does not name are not sent. */
  readonly dropOthers: boolean;
}

/** SRS: a header that names what is not there lets players wait for it. */
export const GUESS_TRACKS: FlvTrackRule = { guess: true, audio: true, video: true, dropOthers: true };

export interface Tracks {
  readonly audio: boolean;
  readonly video: boolean;
}

/** What the header of a player names that begins now; null: that cannot be told yet. `known`: `seen` is all there is. */
export function namedTracks(rule: FlvTrackRule, seen: Tracks, known: boolean): Tracks | null {
  if (!rule.guess) return rule.audio || rule.video ? { audio: rule.audio, video: rule.video } : null;
  return known && (seen.audio || seen.video) ? seen : null;
}

/** What a player is sent whose header names these. */
export function keptTracks(rule: FlvTrackRule, named: Tracks): FlvKeep {
  if (!rule.dropOthers || (named.audio && named.video)) return 'all';
  return named.audio ? 'audio' : 'video';
}
