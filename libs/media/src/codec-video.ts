import { readTrack, skipModifiers } from './enhanced-header.js';

/** Video codecs by their name in SRS's API where it has one. */
export type VideoCodec = 'H264' | 'HEVC' | 'AV1' | 'VP8' | 'VP9' | 'H263' | 'VP6' | 'other';

const FOURCC: Readonly<Record<string, VideoCodec>> = {
  avc1: 'H264',
  hvc1: 'HEVC',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
};
/** FLV's codec ids (E.4.3.1); 12 is what HEVC was before enhanced RTMP, in China. */
const CODEC_ID: Readonly<Record<number, VideoCodec>> = { 2: 'H263', 4: 'VP6', 5: 'VP6', 7: 'H264', 12: 'HEVC' };
const WITH_PACKET_TYPE = new Set([7, 12]);

/** Enhanced RTMP v2 packet types. */
const Packet = { sequenceStart: 0, codedFrames: 1, codedFramesX: 3, mpeg2tsStart: 5, multitrack: 6 } as const;

interface VideoHead {
  /** 1: key frame. 5: no frame at all, but a command. */
  frameType: number;
  codec: VideoCodec;
  kind: 'sequence-header' | 'frame' | 'other';
  /** Where the codec's own bytes start. */
  bodyAt: number;
  /** How much later than decoded it is shown; signed. */
  compositionMs: number;
}

/** A frame, as the codec's own bytes: for H.264 and HEVC NAL units, each behind its length. */
export interface VideoFrame {
  readonly codec: VideoCodec;
  readonly isKeyFrame: boolean;
  readonly compositionMs: number;
  readonly body: Buffer;
}

/** A frame that decoding can start at: the codec's key frame, not its sequence header. */
export function isVideoKeyFrame(payload: Buffer): boolean {
  const head = videoHead(payload);
  return head !== null && head.kind === 'frame' && head.frameType === 1;
}

/** The codec's parameters (AVCDecoderConfigurationRecord and its likes), without which no frame can be decoded. */
export function isVideoSequenceHeader(payload: Buffer): boolean {
  return videoHead(payload)?.kind === 'sequence-header';
}

/** Null for a payload that is too short to tell. */
export function videoCodec(payload: Buffer): VideoCodec | null {
  return videoHead(payload)?.codec ?? null;
}

/** Where the codec's bytes start, for those that look into them. Null for a payload that is too short. */
export function videoBody(payload: Buffer): { codec: VideoCodec; body: Buffer } | null {
  const head = videoHead(payload);
  return head === null ? null : { codec: head.codec, body: payload.subarray(head.bodyAt) };
}

/** Null for what is no frame: sequence headers, commands, what is too short to tell. */
export function videoFrame(payload: Buffer): VideoFrame | null {
  const head = videoHead(payload);
  if (head === null || head.kind !== 'frame') return null;
  const { codec, frameType, compositionMs, bodyAt } = head;
  return { codec, isKeyFrame: frameType === 1, compositionMs, body: payload.subarray(bodyAt) };
}

function videoHead(payload: Buffer): VideoHead | null {
  const first = payload[0];
  if (first === undefined) return null;
  // Bit 7 says enhanced: then the frame type is bits 4-6, and the codec is a fourcc.
  if ((first & 0x80) !== 0) return enhancedHead(payload, first);
  const frameType = first >> 4;
  const id = first & 0x0f;
  const codec = CODEC_ID[id] ?? 'other';
  if (frameType === 5) return { frameType, codec, kind: 'other', bodyAt: 1, compositionMs: 0 };
  if (!WITH_PACKET_TYPE.has(id)) return { frameType, codec, kind: 'frame', bodyAt: 1, compositionMs: 0 };
  const packet = payload[1];
  if (packet === undefined) return null;
  const kind = packet === 0 ? 'sequence-header' : packet === 1 ? 'frame' : 'other';
  return { frameType, codec, kind, bodyAt: 5, compositionMs: compositionAt(payload, 2) };
}

function enhancedHead(payload: Buffer, first: number): VideoHead | null {
  const frameType = (first >> 4) & 7;
  const start = skipModifiers(payload, 1, first & 0x0f);
  if (start === null) return null;
  if (frameType === 5) return { frameType, codec: 'other', kind: 'other', bodyAt: start.at, compositionMs: 0 };
  const track = readTrack(payload, start.at, start.packet, Packet.multitrack);
  if (track === null) return null;
  const { packet, bodyAt } = track;
  const codec = FOURCC[track.fourcc] ?? 'other';
  // Of the other tracks of a stream nothing is a place to begin at, nor a header for all.
  if (track.trackId !== 0) return { frameType, codec, kind: 'other', bodyAt, compositionMs: 0 };
  if (packet === Packet.sequenceStart || packet === Packet.mpeg2tsStart) {
    return { frameType, codec, kind: 'sequence-header', bodyAt, compositionMs: 0 };
  }
  const kind = packet === Packet.codedFrames || packet === Packet.codedFramesX ? 'frame' : 'other';
  // Of these two only coded frames say when they are shown; all other codecs show in the order of decoding.
  if (packet !== Packet.codedFrames || (codec !== 'H264' && codec !== 'HEVC')) {
    return { frameType, codec, kind, bodyAt, compositionMs: 0 };
  }
  return { frameType, codec, kind, bodyAt: bodyAt + 3, compositionMs: compositionAt(payload, bodyAt) };
}

function compositionAt(payload: Buffer, at: number): number {
  return at + 3 <= payload.length ? payload.readIntBE(at, 3) : 0;
}
