import {
  type FrameKind,
  isAudioSequenceHeader,
  isMetadata,
  isVideoKeyFrame,
  isVideoSequenceHeader,
  MessageType,
  type RtmpMessage,
} from '@dolphin/media';

/**
 * Metadata and sequence headers are kept beside the ring and sent to each joiner: 64 KiB is a hundred times what encoders
 * make. A larger one passes on to those who play now, as a message like others.
 */
export const MAX_HEADER_BYTES = 64 * 1024;

/** What a message of a publisher is to its stream. */
export function frameKindOf({ typeId, payload }: RtmpMessage): FrameKind {
  if (payload.length > MAX_HEADER_BYTES) return largeKindOf(typeId, payload);
  if (typeId === MessageType.video) {
    if (isVideoSequenceHeader(payload)) return 'video-header';
    return isVideoKeyFrame(payload) ? 'key-frame' : 'video';
  }
  if (typeId === MessageType.audio) return isAudioSequenceHeader(payload) ? 'audio-header' : 'audio';
  return isMetadata(payload) ? 'metadata' : 'data';
}

function largeKindOf(typeId: number, payload: Buffer): FrameKind {
  if (typeId === MessageType.video) return isVideoKeyFrame(payload) ? 'key-frame' : 'video';
  return typeId === MessageType.audio ? 'audio' : 'data';
}
