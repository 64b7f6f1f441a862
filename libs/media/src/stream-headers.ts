import { audioFrameTrack, audioHeaderTracks } from './codec-audio.js';
import { videoFrameTrack, videoHeaderTracks } from './codec-video.js';
import type { TrackCodec } from './enhanced-header.js';
import { MessageType, type RtmpMessage } from './rtmp-message.js';
import {
  firstTrackHeader,
  NO_TRACK_HEADERS,
  spokenBy,
  spokenHeaders,
  type TrackHeaders,
  withHeader,
} from './track-headers.js';

/**
 * What a message is to a player that joins or jumps. Headers are metadata and sequence headers, `track-header` is a sequence
 * header of tracks beyond the first, of audio or video; `key-frame` is where a player can begin.
 */
export type FrameKind =
  | 'metadata'
  | 'video-header'
  | 'audio-header'
  | 'track-header'
  | 'key-frame'
  | 'video'
  | 'audio'
  | 'data';

/** The headers in force at some place of a stream. Immutable: a change makes a new one. */
export interface StreamHeaders {
  readonly metadata: RtmpMessage | null;
  /** The first track's, of a codec that it speaks. */
  readonly video: RtmpMessage | null;
  readonly audio: RtmpMessage | null;
  /** Of all tracks, the first included, and of codecs that may be spoken again. */
  readonly videoTracks: TrackHeaders;
  readonly audioTracks: TrackHeaders;
  /** Headers of tracks beyond what is kept, since its source began. */
  readonly forgotten: number;
}

export const NO_HEADERS = newHeaders(null, NO_TRACK_HEADERS, NO_TRACK_HEADERS, 0);

/**
 * The headers in force from `message` on, of this kind: the same object if it changes nothing, as nearly all do not. A header that
 * is kept is a copy. Frames of another codec than its track's header has put that header out of force: where a stream goes from AAC
 * to MP3, which has none, a joiner would take MP3 for AAC.
 */
export function headersAfter(headers: StreamHeaders, message: RtmpMessage, kind: FrameKind): StreamHeaders {
  switch (kind) {
    case 'metadata':
      return newHeaders(ownCopy(message), headers.videoTracks, headers.audioTracks, headers.forgotten);
    case 'video-header':
    case 'audio-header':
    case 'track-header':
      return withTrackHeader(headers, message);
    case 'key-frame':
    case 'video':
    case 'audio':
      return withFrame(headers, message);
    case 'data':
      return headers;
    default:
      return kind satisfies never;
  }
}

/** What a player is sent in front of the first frame, which has this time. */
export function messagesToStart(
  { metadata, videoTracks, audioTracks }: StreamHeaders,
  timestamp: number,
): RtmpMessage[] {
  const codecs = [...spokenHeaders(videoTracks), ...spokenHeaders(audioTracks)].map(
    ({ typeId, streamId, payload }) => ({
      typeId,
      timestamp,
      streamId,
      payload,
    }),
  );
  return metadata === null ? codecs : [metadata, ...codecs];
}

function withTrackHeader(headers: StreamHeaders, message: RtmpMessage): StreamHeaders {
  const isVideo = message.typeId === MessageType.video;
  const tracks = isVideo ? videoHeaderTracks(message.payload) : audioHeaderTracks(message.payload);
  const known = isVideo ? headers.videoTracks : headers.audioTracks;
  const { headers: now, forgotten } = withHeader(known, ownCopy(message), tracks);
  return withTracks(headers, isVideo, now, forgotten);
}

function withFrame(headers: StreamHeaders, { typeId, payload }: RtmpMessage): StreamHeaders {
  const isVideo = typeId === MessageType.video;
  const known = isVideo ? headers.videoTracks : headers.audioTracks;
  if (known.length === 0) return headers;
  const [header] = known;
  if (known.length === 1 && header?.tracks[0]?.others === 0 && isOfOneCodec(header.message.payload, payload, isVideo)) {
    return headers;
  }
  const track: TrackCodec | null = isVideo ? videoFrameTrack(payload) : audioFrameTrack(payload);
  const now = track === null ? known : spokenBy(known, track);
  return now === known ? headers : withTracks(headers, isVideo, now);
}

function withTracks(
  { metadata, videoTracks, audioTracks, forgotten }: StreamHeaders,
  isVideo: boolean,
  tracks: TrackHeaders,
  forgottenNow = 0,
): StreamHeaders {
  const all = forgotten + forgottenNow;
  return isVideo ? newHeaders(metadata, tracks, audioTracks, all) : newHeaders(metadata, videoTracks, tracks, all);
}

/** All are made here, and none by spreading another: they are looked at for each message, and to V8 a spread is of another shape. */
function newHeaders(
  metadata: RtmpMessage | null,
  videoTracks: TrackHeaders,
  audioTracks: TrackHeaders,
  forgotten: number,
): StreamHeaders {
  const [video, audio] = [firstTrackHeader(videoTracks), firstTrackHeader(audioTracks)];
  return { metadata, video, audio, videoTracks, audioTracks, forgotten };
}

const AUDIO_FORMAT = 0xf0;
const ENHANCED_AUDIO = 0x90;
/** The codec, and the bit that says that it stands elsewhere. */
const VIDEO_CODEC = 0x8f;

/** By a byte of each: most streams speak the old form, and have thousands of frames for each header. */
function isOfOneCodec(header: Buffer, frame: Buffer, isVideo: boolean): boolean {
  const [one = 0, other = 0] = [header[0], frame[0]];
  if (isVideo) return (one & 0x80) === 0 && (one & VIDEO_CODEC) === (other & VIDEO_CODEC);
  return (one & AUDIO_FORMAT) !== ENHANCED_AUDIO && (one & AUDIO_FORMAT) === (other & AUDIO_FORMAT);
}

/** Not from Buffer's pool: a header may be kept for hours, and all of the pool's page with it. */
function ownCopy({ typeId, timestamp, streamId, payload: shared }: RtmpMessage): RtmpMessage {
  const payload = Buffer.allocUnsafeSlow(shared.length);
  shared.copy(payload);
  return { typeId, timestamp, streamId, payload };
}
