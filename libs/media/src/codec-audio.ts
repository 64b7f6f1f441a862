import {
  frameTrack,
  headerTracks,
  type MediaHead,
  ONE_TRACK,
  readTracks,
  shownTrack,
  skipModifiers,
  type TrackCodec,
} from './enhanced-header.js';

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

/** Null for a payload that is too short to tell. */
export function audioCodec(payload: Buffer): AudioCodec | null {
  return audioHead(payload)?.codec ?? null;
}

/** What a message of audio is to its stream, whose first track is the one that counts. */
export function audioKind(payload: Buffer): 'audio-header' | 'track-header' | 'audio' {
  const head = audioHead(payload);
  if (head?.kind !== 'sequence-header') return 'audio';
  return head.trackId === 0 ? 'audio-header' : 'track-header';
}

/** The codec's parameters (AudioSpecificConfig and its likes), of the first track. */
export function isAudioSequenceHeader(payload: Buffer): boolean {
  return audioKind(payload) === 'audio-header';
}

/** Whose parameters a message has: empty for what is no sequence header. */
export function audioHeaderTracks(payload: Buffer): readonly TrackCodec[] {
  return headerTracks(audioHead(payload), FOURCC);
}

/** The track of a frame, the first one's where a message has several; null for what is no frame. */
export function audioFrameTrack(payload: Buffer): TrackCodec | null {
  return frameTrack(audioHead(payload));
}

/** The codec's own bytes of a frame of the first track; null for sequence headers and what is too short to tell. */
export function audioFrame(payload: Buffer): { codec: AudioCodec; body: Buffer } | null {
  const head = audioHead(payload);
  if (head?.kind !== 'frame' || head.trackId !== 0) return null;
  return { codec: head.codec, body: payload.subarray(head.bodyAt, head.bodyEnd) };
}

/** The AudioSpecificConfig in an AAC sequence header; null if it is none. */
export function aacConfig(payload: Buffer): Buffer | null {
  const head = audioHead(payload);
  if (head?.kind !== 'sequence-header' || head.codec !== 'AAC' || head.trackId !== 0) return null;
  return payload.subarray(head.bodyAt, head.bodyEnd);
}

function audioHead(payload: Buffer): MediaHead<AudioCodec> | null {
  const first = payload[0];
  if (first === undefined) return null;
  const format = first >> 4;
  if (format === ENHANCED) return enhancedHead(payload, first);
  const bodyEnd = payload.length;
  if (format !== AAC) {
    return { codec: SOUND_FORMAT[format] ?? 'other', kind: 'frame', trackId: 0, bodyAt: 1, bodyEnd, tracks: ONE_TRACK };
  }
  const kind = payload[1] === 0 ? 'sequence-header' : payload[1] === 1 ? 'frame' : 'other';
  return { codec: 'AAC', kind, trackId: 0, bodyAt: 2, bodyEnd, tracks: ONE_TRACK };
}

function enhancedHead(payload: Buffer, first: number): MediaHead<AudioCodec> | null {
  const start = skipModifiers(payload, 1, first & 0x0f);
  const found = start === null ? null : readTracks(payload, start.at, start.packet, Packet.multitrack);
  if (found === null) return null;
  const { packet, tracks } = found;
  const { fourcc, trackId, bodyAt, bodyEnd } = shownTrack(found);
  const isFrame = packet === Packet.codedFrames;
  const kind = packet === Packet.sequenceStart ? 'sequence-header' : isFrame ? 'frame' : 'other';
  return { codec: FOURCC[fourcc] ?? 'other', kind, trackId, bodyAt, bodyEnd, tracks };
}

export interface AacFacts {
  /** As SRS's API names it. */
  profile: 'Main' | 'LC' | 'SSR' | 'HE' | 'HEv2' | 'other';
  sampleRate: number;
  channels: number;
}

const SOUND_RATES = [5512, 11025, 22050, 44100];

/**
 * What the first byte of a frame says of its sound (E.4.2.1), where no sequence header does; null for AAC and enhanced RTMP,
 * which have one.
 */
export function soundFacts(first: number): { codec: AudioCodec; sampleRate: number; channels: number } | null {
  const format = first >> 4;
  if (format === AAC || format === ENHANCED) return null;
  const sampleRate = SOUND_RATES[(first >> 2) & 3] ?? 0;
  return { codec: SOUND_FORMAT[format] ?? 'other', sampleRate, channels: (first & 1) + 1 };
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
