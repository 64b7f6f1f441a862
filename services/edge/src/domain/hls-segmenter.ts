import {
  audioCodec,
  audioFrameTrack,
  type FrameKind,
  type RtmpMessage,
  TsMuxer,
  videoFrameTrack,
} from '@dolphin/media';

export interface SegmentRules {
  readonly targetMs: number;
  readonly longestMs: number;
  readonly waitsForKeyFrame: boolean;
  /** The first segments end at the first key frame: somebody waits for them. */
  readonly startsShort: boolean;
}

/** A piece of a stream that can be decoded by itself. Its bytes never change. */
export interface Segment {
  readonly durationMs: number;
  readonly bytes: Buffer;
  /** It does not go on from the one before: other tracks, or another clock. */
  readonly discontinuity: boolean;
}

type Frame = 'key-frame' | 'video' | 'audio';

/** A segment ends at this size wherever it is: at 4 s it is 32 Mbit/s, above what goes over HLS. */
export const MAX_SEGMENT_BYTES = 16 * 1024 * 1024;
/** As SRS: shorter ones are nothing that a player could show, and a cut that soon would be one. */
const MIN_SEGMENT_MS = 100;
const MIN_CUT_MS = 200;
/** So many segments of a stream that is pulled may be short, and so short. */
const SHORT_SEGMENTS = 3;
const SHORT_MS = 1000;
/** Tracks of one source may be apart by so much; a larger step back is another clock. */
const MAX_BACK_MS = 2000;
/** A player would show a still picture for so long: rather it begins anew. */
const MAX_GAP_MS = 10_000;
/** How long the last frame of a source is shown. */
const LAST_FRAME_MS = 40;

/** Cuts a stream's messages into segments. What it holds is the open segment: at most MAX_SEGMENT_BYTES and a message. */
export class HlsSegmenter {
  #rules: SegmentRules;
  readonly #muxer = new TsMuxer();
  /** Of the open segment's first frame; null: none is open. */
  #startMs: number | null = null;
  /** The newest frame's time: stream time, but it does not wrap. */
  #newestMs: number | null = null;
  #waitsForKey = false;
  #waitsSinceMs: number | null = null;
  #runHasVideo = false;
  #audioCodec: string | null = null;
  #discontinuity = false;
  #hasMade = false;
  #shortLeft = SHORT_SEGMENTS;
  readonly #onDropped: () => void;

  /** `onDropped`: a frame has no place in a segment, since it is cut off. */
  constructor(rules: SegmentRules, onDropped: () => void) {
    this.#rules = rules;
    this.#onDropped = onDropped;
  }

  /** Of the segment that is open. */
  get openBytes(): number {
    return this.#muxer.bytes;
  }

  /** From the next source on. */
  useRules(rules: SegmentRules): void {
    this.#rules = rules;
  }

  /** Throws the open segment away. */
  giveUp(): void {
    this.#break();
    this.#waitsForKey = this.#muxer.hasVideo;
    this.#waitsSinceMs = null;
  }

  /** The segment that ends before this message, if one does. */
  message({ payload, timestamp }: RtmpMessage, kind: FrameKind): Segment | null {
    switch (kind) {
      case 'metadata':
      case 'data':
      case 'track-header':
        return null;
      case 'video-header':
        return this.#videoHeader(payload);
      case 'audio-header':
        return this.#muxer.audioHeader(payload) === 'other' ? this.#break() : null;
      case 'key-frame':
      case 'video':
      case 'audio':
        return this.#frame(payload, timestamp, kind);
      default:
        return kind satisfies never;
    }
  }

  /** What is left of the source; the next one has headers of its own. */
  sourceEnded(): Segment | null {
    const last = this.#break();
    this.#muxer.forgetHeaders();
    this.#waitsForKey = false;
    this.#audioCodec = null;
    this.#shortLeft = SHORT_SEGMENTS;
    return last;
  }

  #videoHeader(payload: Buffer): Segment | null {
    if (this.#muxer.videoHeader(payload) === 'same') return null;
    const segment = this.#break();
    this.#waitsForKey = this.#muxer.hasVideo;
    this.#waitsSinceMs = null;
    return segment;
  }

  #frame(payload: Buffer, timestamp: number, kind: Frame): Segment | null {
    if (!this.#hasPlace(payload, kind)) return null;
    let segment = this.#breakBefore(payload, timestamp, kind);
    const nowMs = this.#clock(timestamp);
    if (!this.#mayBegin(kind, nowMs)) return segment;
    if (this.#startMs !== null && this.#isCut(kind, nowMs - this.#startMs, payload.length)) {
      segment = this.#close(nowMs - this.#startMs);
    }
    if (!this.#write(payload, kind, nowMs)) {
      this.#onDropped();
      return segment;
    }
    this.#startMs ??= nowMs;
    this.#waitsForKey = false;
    return segment;
  }

  /** Tracks of other codecs, or beyond the first, are no part of segments, as if they were not there. */
  #hasPlace(payload: Buffer, kind: Frame): boolean {
    const track = kind === 'audio' ? audioFrameTrack(payload) : videoFrameTrack(payload);
    if (track !== null && track.id !== 0) return false;
    if (kind !== 'audio') return this.#muxer.hasVideo;
    const codec = audioCodec(payload);
    return codec === 'AAC' || codec === 'MP3';
  }

  #write(payload: Buffer, kind: Frame, timeMs: number): boolean {
    if (kind === 'audio') {
      const taken = this.#muxer.audio(payload, timeMs);
      if (taken) this.#audioCodec = audioCodec(payload);
      return taken;
    }
    const taken = this.#muxer.video(payload, timeMs);
    this.#runHasVideo ||= taken;
    return taken;
  }

  /** Ends the segment where the frame cannot be decoded after those before it. */
  #breakBefore(payload: Buffer, timestamp: number, kind: Frame): Segment | null {
    const isOtherAudio = kind === 'audio' && this.#audioCodec !== null && audioCodec(payload) !== this.#audioCodec;
    // Audio went alone so far: the tables of its segments have no video.
    const isFirstVideo = kind === 'key-frame' && this.#muxer.hasVideo && !this.#runHasVideo && this.#startMs !== null;
    const stepMs = this.#newestMs === null ? 0 : (timestamp - this.#newestMs) | 0;
    const isJump = stepMs < -MAX_BACK_MS || stepMs > MAX_GAP_MS;
    if (!isOtherAudio && !isFirstVideo && !isJump) return null;
    const segment = this.#break();
    this.#audioCodec = null;
    if (isJump) {
      this.#newestMs = null;
      this.#waitsForKey = this.#muxer.hasVideo;
      this.#waitsSinceMs = null;
    }
    return segment;
  }

  /** Signed difference: the source's 32 bits may wrap; a frame that is a little late keeps its own time. */
  #clock(timestamp: number): number {
    if (this.#newestMs === null) {
      this.#newestMs = timestamp;
      return timestamp;
    }
    const nowMs = this.#newestMs + ((timestamp - this.#newestMs) | 0);
    this.#newestMs = Math.max(this.#newestMs, nowMs);
    return nowMs;
  }

  #mayBegin(kind: Frame, nowMs: number): boolean {
    if (!this.#waitsForKey || kind === 'key-frame') return true;
    if (kind === 'video') return false;
    this.#waitsSinceMs ??= nowMs;
    // A camera that is off: its header came, and no picture.
    return nowMs - this.#waitsSinceMs >= this.#rules.longestMs;
  }

  #isCut(kind: Frame, elapsedMs: number, bytes: number): boolean {
    if (this.#muxer.bytes + bytes > MAX_SEGMENT_BYTES) return true;
    if (elapsedMs < MIN_CUT_MS) return false;
    const { targetMs, longestMs, waitsForKeyFrame, startsShort } = this.#rules;
    const shortMs = startsShort && this.#shortLeft > 0 ? Math.min(SHORT_MS, targetMs) : targetMs;
    if (elapsedMs >= longestMs) return true;
    switch (kind) {
      case 'key-frame':
        return elapsedMs >= shortMs;
      case 'video':
        return !waitsForKeyFrame && elapsedMs >= targetMs;
      case 'audio':
        return !this.#runHasVideo && shortMs < targetMs && elapsedMs >= shortMs;
      default:
        return kind satisfies never;
    }
  }

  /** Ends the open segment; the next one does not go on from it. */
  #break(): Segment | null {
    const lastedMs = (this.#newestMs ?? 0) - (this.#startMs ?? 0) + LAST_FRAME_MS;
    const segment = this.#startMs === null ? null : this.#close(lastedMs);
    this.#muxer.discontinue();
    this.#runHasVideo = false;
    this.#discontinuity = this.#hasMade;
    return segment;
  }

  #close(durationMs: number): Segment | null {
    this.#startMs = null;
    const bytes = this.#muxer.end();
    if (bytes === null || durationMs < MIN_SEGMENT_MS) return null;
    const segment = { durationMs, bytes, discontinuity: this.#discontinuity };
    this.#discontinuity = false;
    this.#hasMade = true;
    this.#shortLeft--;
    return segment;
  }
}
