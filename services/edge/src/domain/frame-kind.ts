import {
  type FrameKind,
  isAudioSequenceHeader,
  isMetadata,
  isVideoKeyFrame,
  isVideoSequenceHeader,
  MessageType,
  type RtmpMessage,
} from '@dolphin/media';

/** What a message of a publisher is to its stream. */
export function frameKindOf({ typeId, payload }: RtmpMessage): FrameKind {
  if (typeId === MessageType.video) {
    if (isVideoSequenceHeader(payload)) return 'video-header';
    return isVideoKeyFrame(payload) ? 'key-frame' : 'video';
  }
  if (typeId === MessageType.audio) return isAudioSequenceHeader(payload) ? 'audio-header' : 'audio';
  return isMetadata(payload) ? 'metadata' : 'data';
}
