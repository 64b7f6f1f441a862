/** Bytes of the header in front of each frame, without a checksum (ISO 13818-7, 6.2). */
const HEADER_BYTES = 7;
const MAX_FRAME_BYTES = 0x1fff - HEADER_BYTES;

/** What an ADTS header says of its stream, in the header's own numbers. */
export interface AdtsParameters {
  readonly profile: number;
  readonly rateIndex: number;
  readonly channels: number;
}

/**
 * Reads an AudioSpecificConfig (ISO 14496-3, 1.6.2.1). Null for what ADTS cannot say: other objects than Main, LC, SSR
 * and LTP (HE says LC, its decoder finds the rest in the frames), rates that are not in the table, channels that are
 * described elsewhere.
 */
export function readAdtsParameters(config: Buffer): AdtsParameters | null {
  if (config.length < 2) return null;
  const bits = config.readUInt16BE(0);
  const object = bits >> 11;
  const isExtended = object === 5 || object === 29;
  const rateIndex = (bits >> 7) & 0x0f;
  const channels = (bits >> 3) & 0x0f;
  if (rateIndex > 12 || channels === 0 || channels > 7) return null;
  if (isExtended) return { profile: 1, rateIndex, channels };
  return object >= 1 && object <= 4 ? { profile: object - 1, rateIndex, channels } : null;
}

/** The header for a raw frame of so many bytes; null for a frame that has none, or is too long for one. */
export function adtsHeader({ profile, rateIndex, channels }: AdtsParameters, frameBytes: number): Buffer | null {
  if (frameBytes === 0 || frameBytes > MAX_FRAME_BYTES) return null;
  const length = frameBytes + HEADER_BYTES;
  return Buffer.from([
    0xff,
    // MPEG-4, layer 0, no checksum.
    0xf1,
    (profile << 6) | (rateIndex << 2) | (channels >> 2),
    ((channels & 3) << 6) | (length >> 11),
    (length >> 3) & 0xff,
    // Fullness 0x7ff: a variable rate.
    ((length & 7) << 5) | 0x1f,
    0xfc,
  ]);
}
