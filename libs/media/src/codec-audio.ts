/** Audio codecs by their name in SRS's API where it has one. */
export type AudioCodec = 'AAC' | 'MP3' | 'Opus' | 'FLAC' | 'AC3' | 'EAC3' | 'Speex' | 'PCM' | 'G711' | 'other';

const FOURCC: Readonly<Record<string, AudioCodec>> = {
  mp4a: 'AAC',
  '.mp3': 'MP3',
  Opus: 'Opus',
  fLaC: 'FLAC',
  'ac-3': 'AC3',
  'ec-3': 'EAC3',
};
/** FLV's sound formats (E.4.2.1); 13 is Opus in SRS. */
const SOUND_FORMAT: Readonly<Record<number, AudioCodec>> = {
  0: 'PCM',
  2: 'MP3',
  3: 'PCM',
  7: 'G711',
  8: 'G711',
  10: 'AAC',
  11: 'Speex',
  13: 'Opus',
  14: 'MP3',
};
const ENHANCED = 9;
const ENHANCED_FRAMES = 1;
const AAC = 10;

/** Null for an empty payload. */
export function audioCodec(payload: Buffer): AudioCodec | null {
  const first = payload[0];
  if (first === undefined) return null;
  const format = first >> 4;
  if (format !== ENHANCED) return SOUND_FORMAT[format] ?? 'other';
  return payload.length < 5 ? null : (FOURCC[payload.toString('latin1', 1, 5)] ?? 'other');
}

/** The codec's parameters (AudioSpecificConfig and its likes). */
export function isAudioSequenceHeader(payload: Buffer): boolean {
  const first = payload[0];
  if (first === undefined) return false;
  if (first >> 4 === AAC) return payload[1] === 0;
  return first >> 4 === ENHANCED && (first & 0x0f) === 0;
}

/** The codec's own bytes of a frame; null for sequence headers and what is too short to tell. */
export function audioFrame(payload: Buffer): { codec: AudioCodec; body: Buffer } | null {
  const codec = audioCodec(payload);
  if (codec === null || isAudioSequenceHeader(payload)) return null;
  const format = payload[0]! >> 4;
  if (format === ENHANCED)
    return (payload[0]! & 0x0f) === ENHANCED_FRAMES ? { codec, body: payload.subarray(5) } : null;
  if (format === AAC) return payload[1] === 1 ? { codec, body: payload.subarray(2) } : null;
  return { codec, body: payload.subarray(1) };
}

/** The AudioSpecificConfig in an AAC sequence header; null if it is none. */
export function aacConfig(payload: Buffer): Buffer | null {
  if (!isAudioSequenceHeader(payload) || audioCodec(payload) !== 'AAC') return null;
  return payload.subarray(payload[0]! >> 4 === AAC ? 2 : 5);
}

export interface AacFacts {
  /** As SRS's API names it. */
  profile: 'Main' | 'LC' | 'SSR' | 'HE' | 'HEv2' | 'other';
  sampleRate: number;
  channels: number;
}

const RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
const PROFILES: Readonly<Record<number, AacFacts['profile']>> = { 1: 'Main', 2: 'LC', 3: 'SSR', 5: 'HE', 29: 'HEv2' };

/**
 * What the AudioSpecificConfig (ISO 14496-3, 1.6.2.1) in an AAC sequence header says; null if it is none or is cut off.
 * HE is told only if the config says so itself; the rate is then that of the extension.
 */
export function aacFacts(payload: Buffer): AacFacts | null {
  const config = aacConfig(payload);
  if (config === null) return null;
  const bits = bitReader(config);
  const type = audioObjectType(bits);
  let sampleRate = rate(bits);
  const channels = bits(4);
  if (type === 5 || type === 29) sampleRate = rate(bits);
  if (sampleRate === null || channels === null || type === null) return null;
  return { profile: PROFILES[type] ?? 'other', sampleRate, channels: channels === 7 ? 8 : channels };
}

type Bits = (count: number) => number | null;

function audioObjectType(bits: Bits): number | null {
  const type = bits(5);
  if (type !== 31) return type;
  const more = bits(6);
  return more === null ? null : 32 + more;
}

function rate(bits: Bits): number | null {
  const index = bits(4);
  if (index === null) return null;
  return index === 15 ? bits(24) : (RATES[index] ?? null);
}

function bitReader(bytes: Buffer): Bits {
  let at = 0;
  return (count) => {
    if (at + count > bytes.length * 8) return null;
    let value = 0;
    for (let i = 0; i < count; i++, at++) value = value * 2 + ((bytes[at >> 3]! >> (7 - (at & 7))) & 1);
    return value;
  };
}
