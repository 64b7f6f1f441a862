export { MAX_AGGREGATE_TAGS, splitAggregate } from './aggregate.js';
export { type AmfObject, type AmfValue, EcmaArray, isAmfObject } from './amf0.js';
export { decodeAmf0 } from './amf0-decode.js';
export { encodeAmf0 } from './amf0-encode.js';
export { ChunkWriter, encodeMessage } from './chunk-encode.js';
export {
  ChunkReader,
  type ChunkReaderLimits,
  DEFAULT_CHUNK_READER_LIMITS,
  FAIR_PARTIAL_BYTES,
} from './chunk-reader.js';
export {
  type ClientEvent,
  type ClientSessionOptions,
  type ConnectingClient,
  RtmpClientSession,
} from './client-session.js';
export {
  type AacFacts,
  type AudioCodec,
  aacConfig,
  aacFacts,
  audioCodec,
  audioFrameTrack,
  audioKind,
  isAudioSequenceHeader,
  soundFacts,
} from './codec-audio.js';
export { type AvcFacts, avcFacts } from './codec-avc.js';
export {
  isVideoKeyFrame,
  isVideoSequenceHeader,
  type VideoCodec,
  videoCodec,
  videoFrame,
  videoFrameTrack,
  videoHeaderTracks,
  videoKind,
} from './codec-video.js';
export { encodeFlvTag, FlvReader, type FlvTag, flvHeader } from './flv.js';
export { FlvPlaylist } from './flv-playlist.js';
export { ClientHandshake, ServerHandshake } from './handshake.js';
export { MediaError, type MediaErrorCode } from './media-error.js';
export { isMetadata, withoutSetDataFrame } from './media-message.js';
export {
  DEFAULT_CHUNK_SIZE,
  MEDIA_CHUNK_SIZE,
  MESSAGE_STREAM_ID,
  MessageType,
  mediaChunkStream,
  type RtmpMessage,
  UserControl,
} from './rtmp-message.js';
export {
  DEFAULT_RTMP_PORT,
  DEFAULT_VHOST,
  type NamedStream,
  parseRtmpUrl,
  parseStreamName,
  parseTcUrl,
  type RtmpUrl,
  streamOnConnection,
  type TcUrl,
  tcUrlOf,
  withoutVhost,
} from './rtmp-url.js';
export type { ConnectEvent, EncoderKind, PlayEvent, PublishEvent, ServerEvent } from './server-events.js';
export { RtmpServerSession, type ServerSessionOptions } from './server-session.js';
export { ByteAccount } from './slab-account.js';
export { encodeRtmpRun, type FlvKeep, type FlvRun, flvOfRun } from './slab-encode.js';
export { SlabMemory } from './slab-memory.js';
export { Slab } from './slab-run.js';
export { type FrameKind, headersAfter, messagesToStart, NO_HEADERS, type StreamHeaders } from './stream-headers.js';
export { FAIR_RING_BYTES, SLAB_BYTES, StreamRing, type StreamRingOptions } from './stream-ring.js';
export { StreamTimeline, type TimeJitter, type Track } from './timeline.js';
export { MAX_HEADER_TRACKS, MAX_TRACK_HEADER_BYTES, OTHER_FRAMES } from './track-headers.js';
export { type HeaderNews, TsMuxer } from './ts-muxer.js';
export { TS_PACKET_BYTES } from './ts-packets.js';
