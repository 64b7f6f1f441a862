import { isVideoSequenceHeader, videoBody } from './codec-video.js';

export interface AvcFacts {
  /** As SRS's API names it. */
  profile: string;
  /** `3.1` */
  level: string;
  /** Pixels after cropping; null if the parameter set cannot be read. */
  width: number | null;
  height: number | null;
}

const PROFILES: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High(High10)',
  122: 'High(High422)',
  144: 'High(High444)',
  244: 'High(High444 Predictive)',
  44: 'High(CAVLC444 Intra)',
};
/** Profiles whose parameter sets tell the chroma format and scaling lists (H.264 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** A parameter set is some 30 bytes; more than this is not looked at. */
const MAX_SPS_BYTES = 512;

/** What the AVCDecoderConfigurationRecord (ISO 14496-15, 5.2.4.1) in an H.264 sequence header says; null if it is none. */
export function avcFacts(payload: Buffer): AvcFacts | null {
  const video = videoBody(payload);
  if (video === null || video.codec !== 'H264' || !isVideoSequenceHeader(payload)) return null;
  const record = video.body;
  if (record.length < 6) return null;
  const level = record[3]!;
  const size = (record[5]! & 0x1f) > 0 && record.length >= 8 ? spsSize(record) : null;
  return {
    profile: PROFILES[record[1]!] ?? 'Other',
    level: `${Math.floor(level / 10)}.${level % 10}`.replace(/\.0$/, ''),
    width: size?.width ?? null,
    height: size?.height ?? null,
  };
}

function spsSize(record: Buffer): { width: number; height: number } | null {
  const length = Math.min(record.readUInt16BE(6), MAX_SPS_BYTES);
  try {
    return readSps(new ExpGolomb(withoutEmulation(record.subarray(9, 8 + length))));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readSps(bits: ExpGolomb): { width: number; height: number } {
  const profile = bits.u(8);
  bits.u(16);
  bits.ue();
  let chroma = 1;
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.ue();
    if (chroma === 3) bits.u(1);
    bits.ue();
    bits.ue();
    bits.u(1);
    if (bits.u(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.ue();
  const pocType = bits.ue();
  if (pocType === 0) bits.ue();
  else if (pocType === 1) {
    bits.u(1);
    bits.ue();
    bits.ue();
    for (let left = bits.ue(); left > 0; left--) bits.ue();
  }
  bits.ue();
  bits.u(1);
  const widthInMbs = bits.ue() + 1;
  const heightInUnits = bits.ue() + 1;
  const frameMbsOnly = bits.u(1);
  if (frameMbsOnly === 0) bits.u(1);
  bits.u(1);
  let [left, right, top, bottom] = [0, 0, 0, 0];
  if (bits.u(1) === 1) [left, right, top, bottom] = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * (2 - frameMbsOnly);
  return {
    width: widthInMbs * 16 - (left + right) * cropX,
    height: heightInUnits * 16 * (2 - frameMbsOnly) - (top + bottom) * cropY,
  };
}

function skipScalingLists(bits: ExpGolomb, count: number): void {
  for (let i = 0; i < count; i++) {
    if (bits.u(1) === 0) continue;
    let next = 8;
    for (let j = 0, last = 8; j < (i < 6 ? 16 : 64) && next !== 0; j++) {
      next = (last + bits.se() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

/** 00 00 03 stands for 00 00 where that would look like a start code (H.264 7.4.1). */
function withoutEmulation(bytes: Buffer): number[] {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out.push(byte);
  }
  return out;
}

/** Throws RangeError beyond the end. */
class ExpGolomb {
  readonly #bytes: readonly number[];
  #at = 0;

  constructor(bytes: readonly number[]) {
    this.#bytes = bytes;
  }

  u(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new RangeError('the parameter set ends early');
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  ue(): number {
    let zeros = 0;
    while (this.u(1) === 0) zeros++;
    if (zeros > 31) throw new RangeError('a number beyond 32 bits');
    return 2 ** zeros - 1 + this.u(zeros);
  }

  se(): number {
    const value = this.ue();
    return value % 2 === 0 ? -value / 2 : (value + 1) / 2;
  }
}
