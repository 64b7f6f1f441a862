/** The codecs whose frames are NAL units. */
export type NalCodec = 'H264' | 'HEVC';

/** What a sequence header says of the frames behind it. */
export interface NalParameters {
  readonly codec: NalCodec;
  /** Bytes of the length in front of each NAL unit. */
  readonly lengthBytes: number;
  /** The parameter sets, in the order in which a decoder wants them. */
  readonly sets: readonly Buffer[];
}

/** A frame has some tens of slices at most; with each byte a unit of its own, one message would be millions of parts. */
const MAX_UNITS = 1024;

const START = Buffer.from([0, 0, 1]);
/** In front of an access unit the start code has a zero byte more (H.264 B.1.1). */
const DELIMITER = {
  H264: Buffer.from([0, 0, 0, 1, 0x09, 0xf0]),
  HEVC: Buffer.from([0, 0, 0, 1, 0x46, 0x01, 0x50]),
} as const;

/** Reads an AVCDecoderConfigurationRecord or its sister of HEVC (ISO 14496-15); null if it is cut off, or has no set. */
export function readNalParameters(codec: NalCodec, record: Buffer): NalParameters | null {
  return codec === 'H264' ? readAvc(record) : readHevc(record);
}

/**
 * The parts of an access unit in Annex B's form, from NAL units behind lengths: delimiter first, the parameter sets in
 * front of a key frame that does not bring its own. The units are views into `body`. Null for what cannot be one.
 */
export function annexBParts(parameters: NalParameters, body: Buffer, isKeyFrame: boolean): Buffer[] | null {
  const units = splitUnits(body, parameters.lengthBytes);
  if (units === null) return null;
  const { codec } = parameters;
  const parts: Buffer[] = [DELIMITER[codec]];
  if (isKeyFrame && !units.some((unit) => isParameterSet(codec, unit))) {
    for (const set of parameters.sets) parts.push(START, set);
  }
  let hasPicture = false;
  for (const unit of units) {
    if (isDelimiter(codec, unit)) continue;
    parts.push(START, unit);
    hasPicture = true;
  }
  return hasPicture ? parts : null;
}

function splitUnits(body: Buffer, lengthBytes: number): Buffer[] | null {
  const units: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    if (at + lengthBytes > body.length || units.length === MAX_UNITS) return null;
    const length = body.readUIntBE(at, lengthBytes);
    at += lengthBytes;
    if (at + length > body.length) return null;
    if (length > 0) units.push(body.subarray(at, at + length));
    at += length;
  }
  return units;
}

function isParameterSet(codec: NalCodec, unit: Buffer): boolean {
  return codec === 'H264' ? (unit[0]! & 0x1f) === 7 : ((unit[0]! >> 1) & 0x3f) === 33;
}

function isDelimiter(codec: NalCodec, unit: Buffer): boolean {
  return codec === 'H264' ? (unit[0]! & 0x1f) === 9 : ((unit[0]! >> 1) & 0x3f) === 35;
}

function readAvc(record: Buffer): NalParameters | null {
  if (record.length < 7) return null;
  const sets: Buffer[] = [];
  const afterSps = readSets(record, 6, record[5]! & 0x1f, sets);
  if (afterSps === null || afterSps >= record.length) return null;
  const end = readSets(record, afterSps + 1, record[afterSps]!, sets);
  return end === null || sets.length === 0 ? null : { codec: 'H264', lengthBytes: (record[4]! & 3) + 1, sets };
}

function readHevc(record: Buffer): NalParameters | null {
  if (record.length < 23) return null;
  const sets: Buffer[] = [];
  let at = 23;
  for (let arrays = record[22]!; arrays > 0; arrays--) {
    if (at + 3 > record.length) return null;
    const isSet = [32, 33, 34].includes(record[at]! & 0x3f);
    // What else may stand there (SEI) is no part of each key frame.
    const end = readSets(record, at + 3, record.readUInt16BE(at + 1), isSet ? sets : []);
    if (end === null) return null;
    at = end;
  }
  return sets.length === 0 ? null : { codec: 'HEVC', lengthBytes: (record[21]! & 3) + 1, sets };
}

/** Where they end; null if they are cut off. */
function readSets(record: Buffer, start: number, count: number, into: Buffer[]): number | null {
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 2 > record.length) return null;
    const end = at + 2 + record.readUInt16BE(at);
    if (end > record.length) return null;
    if (end > at + 2) into.push(record.subarray(at + 2, end));
    at = end;
  }
  return at;
}
