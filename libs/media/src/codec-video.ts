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

interface VideoHead extends MediaHead<VideoCodec> {
  /** 1: key frame. 5: no frame at all, but a command. */
  readonly frameType: number;
  /** How much later than decoded it is shown; signed. */
  readonly compositionMs: number;
}

/** A frame, as the codec's own bytes: for H.264 and HEVC NAL units, each behind its length. */
export interface VideoFrame {
  readonly codec: VideoCodec;
  readonly isKeyFrame: boolean;
  readonly compositionMs: number;
  readonly body: Buffer;
}

/** What a message of video is to its stream, whose first track is the one that counts. */
export function videoKind(payload: Buffer): 'video-header' | 'track-header' | 'key-frame' | 'video' {
  const head = videoHead(payload);
  if (head?.kind === 'sequence-header') return head.trackId === 0 ? 'video-header' : 'track-header';
  return head?.kind === 'frame' && head.frameType === 1 && head.trackId === 0 ? 'key-frame' : 'video';
}

/** A frame that decoding can start at: the codec's key frame, not its sequence header. Of the first track alone. */
export function isVideoKeyFrame(payload: Buffer): boolean {
  return videoKind(payload) === 'key-frame';
}

/**
 * The codec's parameters (AVCDecoderConfigurationRecord and its likes), without which no frame of the first track can be
 * decoded.
 */
export function isVideoSequenceHeader(payload: Buffer): boolean {
  return videoKind(payload) === 'video-header';
}

/** Whose parameters a message has: empty for what is no sequence header. */
export function videoHeaderTracks(payload: Buffer): readonly TrackCodec[] {
  return headerTracks(videoHead(payload), FOURCC);
}

/** The track of a frame, the first one's where a message has several; null for what is no frame. */
export function videoFrameTrack(payload: Buffer): TrackCodec | null {
  return frameTrack(videoHead(payload));
}

/** Null for a payload that is too short to tell. */
export function videoCodec(payload: Buffer): VideoCodec | null {
  return videoHead(payload)?.codec ?? null;
}

/** Where the codec's bytes start, for those that look into them. Null for a payload that is too short. */
export function videoBody(payload: Buffer): { codec: VideoCodec; body: Buffer } | null {
  const head = videoHead(payload);
  return head === null ? null : { codec: head.codec, body: payload.subarray(head.bodyAt, head.bodyEnd) };
}

/** Null for what is no frame of the first track: sequence headers, commands, other tracks, what is too short to tell. */
export function videoFrame(payload: Buffer): VideoFrame | null {
  const head = videoHead(payload);
  if (head === null || head.kind !== 'frame' || head.trackId !== 0) return null;
  const { codec, frameType, compositionMs, bodyAt, bodyEnd } = head;
  return { codec, isKeyFrame: frameType === 1, compositionMs, body: payload.subarray(bodyAt, bodyEnd) };
}

function videoHead(payload: Buffer): VideoHead | null {
  const first = payload[0];
  if (first === undefined) return null;
  // Bit 7 says enhanced: then the frame type is bits 4-6, and the codec is a fourcc.
  if ((first & 0x80) !== 0) return enhancedHead(payload, first);
  const frameType = first >> 4;
  const id = first & 0x0f;
  const codec = CODEC_ID[id] ?? 'other';
  if (frameType === 5) return oneTrack(payload, frameType, codec, 'other', 1);
  if (!WITH_PACKET_TYPE.has(id)) return oneTrack(payload, frameType, codec, 'frame', 1);
  const packet = payload[1];
  if (packet === undefined) return null;
  const kind = packet === 0 ? 'sequence-header' : packet === 1 ? 'frame' : 'other';
  return oneTrack(payload, frameType, codec, kind, 5, compositionAt(payload, 2));
}

function oneTrack(
  { length }: Buffer,
  frameType: number,
  codec: VideoCodec,
  kind: VideoHead['kind'],
  bodyAt: number,
  compositionMs = 0,
): VideoHead {
  return { frameType, codec, kind, trackId: 0, bodyAt, bodyEnd: length, compositionMs, tracks: ONE_TRACK };
}

function enhancedHead(payload: Buffer, first: number): VideoHead | null {
  const frameType = (first >> 4) & 7;
  const start = skipModifiers(payload, 1, first & 0x0f);
  if (start === null) return null;
  if (frameType === 5) return oneTrack(payload, frameType, 'other', 'other', start.at);
  const found = readTracks(payload, start.at, start.packet, Packet.multitrack);
  if (found === null) return null;
  const { packet, tracks } = found;
  const { fourcc, trackId, bodyAt, bodyEnd } = shownTrack(found);
  const codec = FOURCC[fourcc] ?? 'other';
  const kind = kindOf(packet);
  // Of these two only coded frames say when they are shown; all other codecs show in the order of decoding.
  const hasComposition = packet === Packet.codedFrames && (codec === 'H264' || codec === 'HEVC');
  const compositionMs = hasComposition ? compositionAt(payload, bodyAt) : 0;
  return { frameType, codec, kind, trackId, bodyAt: bodyAt + (hasComposition ? 3 : 0), bodyEnd, compositionMs, tracks };
}

function kindOf(packet: number): VideoHead['kind'] {
  if (packet === Packet.sequenceStart || packet === Packet.mpeg2tsStart) return 'sequence-header';
  return packet === Packet.codedFrames || packet === Packet.codedFramesX ? 'frame' : 'other';
}

function compositionAt(payload: Buffer, at: number): number {
  return at + 3 <= payload.length ? payload.readIntBE(at, 3) : 0;
}
