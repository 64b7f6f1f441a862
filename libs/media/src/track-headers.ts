import type { TrackCodec } from './enhanced-header.js';
import type { RtmpMessage } from './rtmp-message.js';

/** Tracks of one kind whose headers are kept: services that take several qualities, or languages, ask for six at most. */
export const MAX_HEADER_TRACKS = 16;
/** What the headers of the tracks beyond the first may have together: as much as a header of the first one. */
export const MAX_TRACK_HEADER_BYTES = 64 * 1024;

/** A message with sequence headers, and the tracks of which none came later. */
export interface KeptHeader {
  readonly message: RtmpMessage;
  readonly tracks: readonly TrackCodec[];
}

/**
 * The newest sequence header of each track of one kind, audio or video, in the order in which they came: a message may
 * have those of several tracks, so what came later has to be read later, too. Never changed: a header makes another one.
 */
export type TrackHeaders = readonly KeptHeader[];

export const NO_TRACK_HEADERS: TrackHeaders = [];

/** The header of the track that players without multitrack show. */
export function firstTrackHeader(headers: TrackHeaders): RtmpMessage | null {
  return headers.find(isOfFirst)?.message ?? null;
}

/**
 * With `header` in force, or without it where there are too many tracks (`isForgotten`): what it takes the place of is gone
 * either way, since it would be the wrong one. That of the first track is always kept.
 */
export function withHeader(headers: TrackHeaders, header: KeptHeader): { headers: TrackHeaders; isForgotten: boolean } {
  const isReplaced = ({ id }: TrackCodec) => header.tracks.some((track) => track.id === id);
  const rest = without(headers, isReplaced);
  const all = [...rest, header];
  if (isOfFirst(header) || (tracksOf(all) <= MAX_HEADER_TRACKS && furtherBytes(all) <= MAX_TRACK_HEADER_BYTES)) {
    return { headers: all, isForgotten: false };
  }
  return { headers: rest, isForgotten: true };
}

/** After a frame of `track`: a header of another codec, which that track speaks no more, is gone. */
export function spokenBy(headers: TrackHeaders, { id, codec }: TrackCodec): TrackHeaders {
  const isSilent = (track: TrackCodec) => track.id === id && track.codec !== codec;
  return headers.some(({ tracks }) => tracks.some(isSilent)) ? without(headers, isSilent) : headers;
}

function without(headers: TrackHeaders, isGone: (track: TrackCodec) => boolean): KeptHeader[] {
  return headers
    .map(({ message, tracks }) => ({ message, tracks: tracks.filter((track) => !isGone(track)) }))
    .filter(({ tracks }) => tracks.length > 0);
}

function isOfFirst({ tracks }: KeptHeader): boolean {
  return tracks.some(({ id }) => id === 0);
}

function tracksOf(headers: TrackHeaders): number {
  return headers.reduce((sum, { tracks }) => sum + tracks.length, 0);
}

function furtherBytes(headers: TrackHeaders): number {
  return headers.reduce((sum, each) => sum + (isOfFirst(each) ? 0 : each.message.payload.length), 0);
}
