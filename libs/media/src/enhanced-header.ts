import { readUint24 } from './uint24.js';

/** What an extended header of enhanced RTMP (v2) says in front of the codec's own bytes, audio and video alike. */
export interface EnhancedTrack {
  readonly fourcc: string;
  /** 0 is the one that players without multitrack show. */
  readonly trackId: number;
  /** Where the codec's bytes start, and where they end. */
  readonly bodyAt: number;
  readonly bodyEnd: number;
}

/** A track by its number among those of its kind, and the name of its codec. */
export interface TrackCodec {
  readonly id: number;
  readonly codec: string;
}

/** The tracks of a message: all in packets of one type. */
export interface EnhancedTracks {
  readonly packet: number;
  readonly tracks: readonly EnhancedTrack[];
}

/** What a message of audio or video says of itself, in either form. */
export interface MediaHead<Codec extends string> {
  readonly codec: Codec;
  readonly kind: 'sequence-header' | 'frame' | 'other';
  /** Of the track that is told of: 0, where the message has it. */
  readonly trackId: number;
  /** Where the codec's own bytes start, and where they end. */
  readonly bodyAt: number;
  readonly bodyEnd: number;
  /** All that enhanced RTMP names; ONE_TRACK of the old form, which has no more. */
  readonly tracks: readonly EnhancedTrack[];
}

export const ONE_TRACK: readonly EnhancedTrack[] = [];

/** The packet type that says: modifiers follow, and then the packet type itself. */
const MOD_EX = 7;
/** How several tracks stand in one message: alone, or each with its size, or each with its codec and size. */
const Form = { oneTrack: 0, manyTracks: 1, manyCodecs: 2 } as const;
/** An id is a byte: what follows so many tracks of one message has none of its own. */
const MAX_TRACKS = 256;

/**
 * Passes over modifiers. `at` is behind the byte with packet type `packet`. Each is its size - 1 in a byte, or 255 and then
 * 16 bits; its data; then 4 bits of kind and 4 of packet type. Null: the payload ends before.
 */
export function skipModifiers(payload: Buffer, from: number, first: number): { packet: number; at: number } | null {
  let packet = first;
  let at = from;
  while (packet === MOD_EX) {
    let size = (payload[at] ?? 0) + 1;
    at += 1;
    if (size === 256) {
      if (at + 2 > payload.length) return null;
      size = payload.readUInt16BE(at) + 1;
      at += 2;
    }
    at += size;
    const next = payload[at];
    if (next === undefined) return null;
    packet = next & 0x0f;
    at += 1;
  }
  return { packet, at };
}

/**
 * Reads the tracks: `multitrack` is the packet type that says that there may be several. One that is cut off is the last, and ends
 * with the payload; of two of one number the first counts. Null: it ends before the first.
 */
export function readTracks(payload: Buffer, from: number, first: number, multitrack: number): EnhancedTracks | null {
  if (first !== multitrack) {
    if (from + 4 > payload.length) return null;
    const fourcc = payload.toString('latin1', from, from + 4);
    return { packet: first, tracks: [{ fourcc, trackId: 0, bodyAt: from + 4, bodyEnd: payload.length }] };
  }
  const next = payload[from];
  if (next === undefined) return null;
  const tracks = tracksOf(payload, from + 1, next >> 4);
  return tracks.length === 0 ? null : { packet: next & 0x0f, tracks };
}

/** The one that players without multitrack show, or else the first. */
export function shownTrack({ tracks }: EnhancedTracks): EnhancedTrack {
  return tracks.find(({ trackId }) => trackId === 0) ?? (tracks[0] as EnhancedTrack);
}

/** Whose parameters a message has, by the codecs' names: empty for what is no sequence header. */
export function headerTracks(
  head: MediaHead<string> | null,
  codecs: Readonly<Record<string, string>>,
): readonly TrackCodec[] {
  if (head?.kind !== 'sequence-header') return [];
  if (head.tracks.length === 0) return [{ id: 0, codec: head.codec }];
  return head.tracks.map(({ trackId, fourcc }) => ({ id: trackId, codec: codecs[fourcc] ?? 'other' }));
}

/** The track of a frame, the first one's where a message has several; null for what is no frame. */
export function frameTrack(head: MediaHead<string> | null): TrackCodec | null {
  return head?.kind === 'frame' ? { id: head.trackId, codec: head.codec } : null;
}

function tracksOf(payload: Buffer, start: number, form: number): EnhancedTrack[] {
  const tracks: EnhancedTrack[] = [];
  const ids = new Set<number>();
  let fourcc = '';
  let at = start;
  for (let read = 0; read < MAX_TRACKS; read++) {
    if (read === 0 || form === Form.manyCodecs) {
      if (at + 4 > payload.length) break;
      fourcc = payload.toString('latin1', at, at + 4);
      at += 4;
    }
    const trackId = payload[at];
    if (trackId === undefined) break;
    const isAlone = form === Form.oneTrack;
    if (!isAlone && at + 4 > payload.length) break;
    const bodyAt = at + (isAlone ? 1 : 4);
    const bodyEnd = isAlone ? payload.length : Math.min(bodyAt + readUint24(payload, at + 1), payload.length);
    if (!ids.has(trackId)) tracks.push({ fourcc, trackId, bodyAt, bodyEnd });
    ids.add(trackId);
    if (isAlone) break;
    at = bodyEnd;
  }
  return tracks;
}
