import { FLV_TAG_OVERHEAD, writeFlvTag } from './flv.js';
import { ChunkStream, MESSAGE_STREAM_ID, MessageType, type RtmpMessage } from './rtmp-message.js';

/** From here on the 24-bit field of a chunk header says 0xFFFFFF and four bytes follow. */
const EXTENDED = 0xffffff;
/** fmt 0: basic header of one byte and eleven of message header. */
const FIRST_HEADER_BYTES = 12;
/**
 * Data of shared bytes has a chunk stream of its own: a session writes commands on the streams 2, 3 and 5 with
 * headers that lean on what it wrote there before.
 */
const SHARED_DATA_CHUNK_STREAM = 7;

/**
 * Messages as RTMP chunks that are valid for every player at this chunk size: fmt 0 with an absolute time first, fmt 3
 * for the rest, which repeats an extended timestamp. One allocation for all: a slab is written as it is.
 */
export function encodeRtmpRun(messages: readonly RtmpMessage[], chunkSize: number): Buffer {
  let bytes = 0;
  for (const { payload, timestamp } of messages) {
    const chunks = Math.max(1, Math.ceil(payload.length / chunkSize));
    bytes += FIRST_HEADER_BYTES + (chunks - 1) + payload.length + (timestamp >= EXTENDED ? 4 * chunks : 0);
  }
  const out = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const message of messages) at = writeChunks(out, at, message, chunkSize);
  return out;
}

function writeChunks(out: Buffer, start: number, message: RtmpMessage, chunkSize: number): number {
  const { payload, typeId, timestamp } = message;
  const csid = sharedChunkStream(typeId);
  const extended = timestamp >= EXTENDED;
  let at = start;
  out[at++] = csid;
  at = out.writeUIntBE(extended ? EXTENDED : timestamp, at, 3);
  at = out.writeUIntBE(payload.length, at, 3);
  out[at++] = typeId;
  at = out.writeUInt32LE(MESSAGE_STREAM_ID, at);
  if (extended) at = out.writeUInt32BE(timestamp, at);
  for (let from = 0; ; ) {
    const to = Math.min(from + chunkSize, payload.length);
    payload.copy(out, at, from, to);
    at += to - from;
    from = to;
    if (from >= payload.length) return at;
    out[at++] = 0xc0 | csid;
    if (extended) at = out.writeUInt32BE(timestamp, at);
  }
}

function sharedChunkStream(typeId: number): number {
  if (typeId === MessageType.audio) return ChunkStream.audio;
  return typeId === MessageType.video ? ChunkStream.video : SHARED_DATA_CHUNK_STREAM;
}

/** The same bytes in two forms: `chunk` is one chunk of HTTP's chunked encoding, `raw` the part inside its frame. */
export interface FlvRun {
  readonly chunk: Buffer;
  readonly raw: Buffer;
}

/** What a player of FLV is sent of a stream: `audio` and `video` without the frames and headers of the other. */
export type FlvKeep = 'all' | 'audio' | 'video';

/** The messages that such a player is sent; the same list when that is all of them. */
export function keptMessages(messages: readonly RtmpMessage[], keep: FlvKeep): readonly RtmpMessage[] {
  if (keep === 'all') return messages;
  const dropped = keep === 'audio' ? MessageType.video : MessageType.audio;
  return messages.some(({ typeId }) => typeId === dropped)
    ? messages.filter(({ typeId }) => typeId !== dropped)
    : messages;
}

const NOTHING: FlvRun = { chunk: Buffer.alloc(0), raw: Buffer.alloc(0) };

/**
 * Messages as FLV tags, after `head` (the file header of a player that begins here, or nothing). Of nothing the chunk is
 * empty, too: one of length 0 would end the answer.
 */
export function encodeFlvRun(messages: readonly RtmpMessage[], head?: Buffer): FlvRun {
  let bytes = head?.length ?? 0;
  for (const { payload } of messages) bytes += FLV_TAG_OVERHEAD + payload.length;
  if (bytes === 0) return NOTHING;
  const size = `${bytes.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafeSlow(size.length + bytes + 2);
  let at = chunk.write(size, 'latin1');
  const raw = chunk.subarray(at, at + bytes);
  if (head) at += head.copy(chunk, at);
  for (const message of messages) at = writeFlvTag(message, chunk, at);
  chunk[at] = 0x0d;
  chunk[at + 1] = 0x0a;
  return { chunk, raw };
}
