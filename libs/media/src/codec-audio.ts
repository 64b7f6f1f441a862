import { readTrack, skipModifiers } from './enhanced-header.js';

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
  11: 'Speex',
  13: 'Opus',
  14: 'MP3',
};
const ENHANCED = 9;
const AAC = 10;
/** Enhanced RTMP v2 packet types. */
const Packet = { sequenceStart: 0, codedFrames: 1, multitrack: 5 } as const;

interface AudioHead {
  codec: AudioCodec;
  kind: 'sequence-header' | 'frame' | 'other';
  /** Where the codec's own bytes start. */
  bodyAt: number;
}

/** Null for a payload that is too short to tell. */
export function audioCodec(payload: Buffer): AudioCodec | null {
  return audioHead(payload)?.codec ?? null;
}

/** The codec's parameters (AudioSpecificConfig and its likes). */
export function isAudioSequenceHeader(payload: Buffer): boolean {
  return audioHead(payload)?.kind === 'sequence-header';
}

/** The codec's own bytes of a frame; null for sequence headers and what is too short to tell. */
export function audioFrame(payload: Buffer): { codec: AudioCodec; body: Buffer } | null {
  const head = audioHead(payload);
  return head?.kind === 'frame' ? { codec: head.codec, body: payload.subarray(head.bodyAt) } : null;
}

/** The AudioSpecificConfig in an AAC sequence header; null if it is none. */
export function aacConfig(payload: Buffer): Buffer | null {
  const head = audioHead(payload);
  return head?.kind === 'sequence-header' && head.codec === 'AAC' ? payload.subarray(head.bodyAt) : null;
}

function audioHead(payload: Buffer): AudioHead | null {
  const first = payload[0];
  if (first === undefined) return null;
  const format = first >> 4;
  if (format === AAC) {
    const kind = payload[1] === 0 ? 'sequence-header' : payload[1] === 1 ? 'frame' : 'other';
    return { codec: 'AAC', kind, bodyAt: 2 };
  }
  if (format !== ENHANCED) return { codec: SOUND_FORMAT[format] ?? 'other', kind: 'frame', bodyAt: 1 };
  const start = skipModifiers(payload, 1, first & 0x0f);
  const track = start === null ? null : readTrack(payload, start.at, start.packet, Packet.multitrack);
  if (track === null) return null;
  const { packet, trackId, bodyAt } = track;
  const codec = FOURCC[track.fourcc] ?? 'other';
  // The other tracks are nothing to a player of the first one.
  if (trackId !== 0) return { codec, kind: 'other', bodyAt };
  if (packet === Packet.sequenceStart) return { codec, kind: 'sequence-header', bodyAt };
  return { codec, kind: packet === Packet.codedFrames ? 'frame' : 'other', bodyAt };
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
