import type { TrackCodec } from './enhanced-header.js';
import type { RtmpMessage } from './rtmp-message.js';

/** Tracks of one kind whose headers are kept: services that take several qualities, or languages, ask for six at most. */
export const MAX_HEADER_TRACKS = 16;
/** What the headers of the tracks beyond the first may have together: as much as a header of the first one. */
export const MAX_TRACK_HEADER_BYTES = 64 * 1024;

/**
 * Frames of another codec in a row, and a track speaks the one of its header no more: a few may be an encoder's slip. Such a change
 * closes a slab, and so does the first frame of the old codec after it: two for 21 messages, no more than a header for each ten.
 */
export const OTHER_FRAMES = 20;

interface KeptTrack extends TrackCodec {
  /** Frames of other codecs since the last of this one, as far as OTHER_FRAMES. */
  readonly others: number;
}

/** A message with sequence headers, and the tracks of which none came later. */
export interface KeptHeader {
  readonly message: RtmpMessage;
  readonly tracks: readonly KeptTrack[];
}

/**
 * The newest sequence header of each track of one kind, audio or video, in the order in which they came: a message may
 * have those of several tracks, so what came later has to be read later, too. Never changed: a header makes another one.
 */
export type TrackHeaders = readonly KeptHeader[];

export const NO_TRACK_HEADERS: TrackHeaders = [];

/** The header of the track that players without multitrack show, if it is spoken. */
export function firstTrackHeader(headers: TrackHeaders): RtmpMessage | null {
  return headers.find(({ tracks }) => tracks.some((track) => track.id === 0 && isSpoken(track)))?.message ?? null;
}

/** Those of codecs that are spoken. */
export function spokenHeaders(headers: TrackHeaders): readonly RtmpMessage[] {
  return headers.filter(({ tracks }) => tracks.some(isSpoken)).map(({ message }) => message);
}

/**
 * With `message` in force for `tracks`, or without it where there are too many: what it takes the place of is gone either way, since
 * it would be the wrong one. That of the first track is always kept, and the oldest of others goes for it: one that was of the first
 * track, too, until now, is one more of theirs. `forgotten`: messages for which there is no room.
 */
export function withHeader(
  headers: TrackHeaders,
  message: RtmpMessage,
  tracks: readonly TrackCodec[],
): { headers: TrackHeaders; forgotten: number } {
  const rest = without(headers, new Set(tracks.map(({ id }) => id)));
  const header = { message, tracks: tracks.map(({ id, codec }) => ({ id, codec, others: 0 })) };
  if (!isOfFirst(header)) {
    const all = [...rest, header];
    return hasRoomFor(all) ? { headers: all, forgotten: 0 } : { headers: rest, forgotten: 1 };
  }
  // None of these is of the first track any more.
  let forgotten = 0;
  while (forgotten < rest.length && !hasRoomFor([...rest.slice(forgotten), header])) forgotten++;
  return { headers: [...rest.slice(forgotten), header], forgotten };
}

/** After a frame of `track`: the same object, unless it begins or ends a codec, or is on the way to that. */
export function spokenBy(headers: TrackHeaders, { id, codec }: TrackCodec): TrackHeaders {
  const after = (track: KeptTrack) => (track.codec === codec ? 0 : Math.min(track.others + 1, OTHER_FRAMES));
  const isChanged = (track: KeptTrack) => track.id === id && after(track) !== track.others;
  if (!headers.some(({ tracks }) => tracks.some(isChanged))) return headers;
  return headers.map(({ message, tracks }) => ({
    message,
    tracks: tracks.map((track) => (isChanged(track) ? { id, codec: track.codec, others: after(track) } : track)),
  }));
}

function without(headers: TrackHeaders, ids: ReadonlySet<number>): KeptHeader[] {
  return headers
    .map(({ message, tracks }) => ({ message, tracks: tracks.filter(({ id }) => !ids.has(id)) }))
    .filter(({ tracks }) => tracks.length > 0);
}

function isSpoken({ others }: KeptTrack): boolean {
  return others < OTHER_FRAMES;
}

function isOfFirst({ tracks }: KeptHeader): boolean {
  return tracks.some(({ id }) => id === 0);
}

function hasRoomFor(headers: TrackHeaders): boolean {
  const count = headers.reduce((sum, { tracks }) => sum + tracks.length, 0);
  const bytes = headers.reduce((sum, each) => sum + (isOfFirst(each) ? 0 : each.message.payload.length), 0);
  return count <= MAX_HEADER_TRACKS && bytes <= MAX_TRACK_HEADER_BYTES;
}
