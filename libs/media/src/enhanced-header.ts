/** What an extended header of enhanced RTMP (v2) says in front of the codec's own bytes, audio and video alike. */
export interface EnhancedTrack {
  readonly packet: number;
  readonly fourcc: string;
  /** 0 is the one that players without multitrack show; a message of several begins with its first. */
  readonly trackId: number;
  /** Where the codec's bytes start. */
  readonly bodyAt: number;
}

/** The packet type that says: modifiers follow, and then the packet type itself. */
const MOD_EX = 7;
const ONE_TRACK = 0;

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

/** Reads the track: `multitrack` is the packet type that says that there may be several. Null: the payload ends before. */
export function readTrack(payload: Buffer, from: number, first: number, multitrack: number): EnhancedTrack | null {
  const isMultitrack = first === multitrack;
  const next = isMultitrack ? payload[from] : first;
  const at = isMultitrack ? from + 1 : from;
  if (next === undefined || at + 4 > payload.length) return null;
  const fourcc = payload.toString('latin1', at, at + 4);
  if (!isMultitrack) return { packet: next, fourcc, trackId: 0, bodyAt: at + 4 };
  const trackId = payload[at + 4];
  if (trackId === undefined) return null;
  // Where there are several, each has its size.
  return { packet: next & 0x0f, fourcc, trackId, bodyAt: at + 5 + (next >> 4 === ONE_TRACK ? 0 : 3) };
}
