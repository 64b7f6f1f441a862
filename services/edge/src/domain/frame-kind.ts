import {
  audioKind,
  type FrameKind,
  isMetadata,
  isVideoKeyFrame,
  MessageType,
  type RtmpMessage,
  videoKind,
} from '@dolphin/media';

/**
 * Metadata and sequence headers are kept beside the ring and sent to each joiner: 64 KiB is a hundred times what encoders
 * make. A larger one passes on to those who play now, as a message like others.
 */
export const MAX_HEADER_BYTES = 64 * 1024;

/** What a message of a publisher is to its stream. */
export function frameKindOf({ typeId, payload }: RtmpMessage): FrameKind {
  if (payload.length > MAX_HEADER_BYTES) return largeKindOf(typeId, payload);
  if (typeId === MessageType.video) return videoKind(payload);
  if (typeId === MessageType.audio) return audioKind(payload);
  return isMetadata(payload) ? 'metadata' : 'data';
}

function largeKindOf(typeId: number, payload: Buffer): FrameKind {
  if (typeId === MessageType.video) return isVideoKeyFrame(payload) ? 'key-frame' : 'video';
  return typeId === MessageType.audio ? 'audio' : 'data';
}
