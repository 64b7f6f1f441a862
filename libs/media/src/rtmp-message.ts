/** One RTMP message. `timestamp` is uint32 milliseconds; it wraps. */
export interface RtmpMessage {
  typeId: number;
  timestamp: number;
  streamId: number;
  payload: Buffer;
}

/** Message type ids (RTMP specification 5.4, 6.2, 7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  ack: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** Event types of user control messages (7.1.7). */
export const UserControl = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/**
 * Chunk stream ids. Those of media are the same for every player, so that all may be sent the same bytes
 * (SRS uses these numbers, too).
 */
export const ChunkStream = { control: 2, command: 3, audio: 4, data: 5, streamCommand: 5, video: 6 } as const;

/** createStream always answers this, so that the message stream id of shared bytes is right for every player. */
export const MESSAGE_STREAM_ID = 1;

/** The chunk size of a connection until told otherwise (5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;

/** The chunk size that we announce: SRS's default, above nearly every frame of a live stream. */
export const MEDIA_CHUNK_SIZE = 60_000;

/** The chunk stream that media of this type is written to. */
export function mediaChunkStream(typeId: number): number {
  if (typeId === MessageType.audio) return ChunkStream.audio;
  if (typeId === MessageType.video) return ChunkStream.video;
  return ChunkStream.data;
}
