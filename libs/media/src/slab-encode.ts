import { FLV_TAG_OVERHEAD, writeFlvTagHead, writeFlvTagTail } from './flv.js';
import { ChunkStream, MESSAGE_STREAM_ID, MessageType, type RtmpMessage } from './rtmp-message.js';
import { readUint24, writeUint24 } from './uint24.js';

/** From here on the 24-bit field of a chunk header says 0xFFFFFF and four bytes follow. */
const EXTENDED = 0xffffff;
/** fmt 0: basic header of one byte and eleven of message header. */
const FIRST_HEADER_BYTES = 12;
/**
 * Data of shared bytes has a chunk stream of its own: a session writes commands on the streams 2, 3 and 5 with
 * headers that lean on what it wrote there before.
 */
const SHARED_DATA_CHUNK_STREAM = 7;

/** Bytes of a message in a run. */
export function rtmpRunBytes({ payload, timestamp }: RtmpMessage, chunkSize: number): number {
  const chunks = Math.max(1, Math.ceil(payload.length / chunkSize));
  return FIRST_HEADER_BYTES + (chunks - 1) + payload.length + (timestamp >= EXTENDED ? 4 * chunks : 0);
}

/**
 * Writes a message as RTMP chunks that are valid for every player at this chunk size: fmt 0 with an absolute time first,
 * fmt 3 for the rest, which repeats an extended timestamp. `out` must have room for it; returns where it ends.
 */
export function writeRtmpRun(message: RtmpMessage, chunkSize: number, out: Buffer, start: number): number {
  const { payload, typeId, timestamp } = message;
  const csid = sharedChunkStream(typeId);
  const extended = timestamp >= EXTENDED;
  let at = start;
  out[at] = csid;
  writeUint24(out, extended ? EXTENDED : timestamp, at + 1);
  writeUint24(out, payload.length, at + 4);
  out[at + 7] = typeId;
  at = out.writeUInt32LE(MESSAGE_STREAM_ID, at + 8);
  if (extended) at = out.writeUInt32BE(timestamp, at);
  if (payload.length <= chunkSize) {
    out.set(payload, at);
    return at + payload.length;
  }
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

/** Messages as one run, in memory of its own: a player's write is that run as it is. */
export function encodeRtmpRun(messages: readonly RtmpMessage[], chunkSize: number): Buffer {
  let bytes = 0;
  for (const message of messages) bytes += rtmpRunBytes(message, chunkSize);
  const out = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const message of messages) at = writeRtmpRun(message, chunkSize, out, at);
  return out;
}

function sharedChunkStream(typeId: number): number {
  if (typeId === MessageType.audio) return ChunkStream.audio;
  return typeId === MessageType.video ? ChunkStream.video : SHARED_DATA_CHUNK_STREAM;
}

/** The same bytes in two forms: `chunk` is one chunk of HTTP's chunked encoding, `raw` the part inside its frame. */
export interface FlvRun {
  readonly chunk: Buffer;
  readonly raw: Buffer;
  /** What both are views of. */
  readonly memory: Buffer;
}

/** What a player of FLV is sent of a stream: `audio` and `video` without the frames and headers of the other. */
export type FlvKeep = 'all' | 'audio' | 'video';

const NO_BYTES = Buffer.alloc(0);
const NOTHING: FlvRun = { chunk: NO_BYTES, raw: NO_BYTES, memory: NO_BYTES };

/**
 * What encodeRtmpRun or writeRtmpRun made, as FLV tags, after `head` (the file header of a player that begins here, or
 * nothing). Of nothing the chunk is empty, too: one of length 0 would end the answer. `allocate` gives so many bytes or
 * more.
 */
export function flvOfRun(
  run: Buffer,
  chunkSize: number,
  keep: FlvKeep,
  { head, allocate = Buffer.allocUnsafeSlow }: { head?: Buffer; allocate?: (bytes: number) => Buffer } = {},
): FlvRun {
  const bytes = (head?.length ?? 0) + flvBytesOfRun(run, chunkSize, keep);
  if (bytes === 0) return NOTHING;
  const size = `${bytes.toString(16)}\r\n`;
  const memory = allocate(size.length + bytes + 2);
  const chunk = memory.subarray(0, size.length + bytes + 2);
  let at = chunk.write(size, 'latin1');
  const raw = chunk.subarray(at, at + bytes);
  if (head) at += head.copy(chunk, at);
  for (const message of messagesIn(run, chunkSize)) {
    if (isKept(message.typeId, keep)) at = writeTag(run, message, chunkSize, chunk, at);
  }
  chunk[at] = 0x0d;
  chunk[at + 1] = 0x0a;
  return { chunk, raw, memory };
}

/** How long its tags are together. */
export function flvBytesOfRun(run: Buffer, chunkSize: number, keep: FlvKeep): number {
  let bytes = 0;
  for (const { typeId, length } of messagesIn(run, chunkSize)) {
    if (isKept(typeId, keep)) bytes += FLV_TAG_OVERHEAD + length;
  }
  return bytes;
}

function isKept(typeId: number, keep: FlvKeep): boolean {
  if (keep === 'all') return true;
  return typeId !== (keep === 'audio' ? MessageType.video : MessageType.audio);
}

interface MessageInRun {
  readonly typeId: number;
  readonly timestamp: number;
  /** Of its payload. */
  readonly length: number;
  /** Where its payload begins. */
  readonly at: number;
  /** Bytes of header between two chunks of it. */
  readonly gap: number;
}

function* messagesIn(run: Buffer, chunkSize: number): Generator<MessageInRun> {
  for (let at = 0; at < run.length; ) {
    const time = readUint24(run, at + 1);
    const length = readUint24(run, at + 4);
    const typeId = run[at + 7]!;
    const isExtended = time === EXTENDED;
    const timestamp = isExtended ? run.readUInt32BE(at + FIRST_HEADER_BYTES) : time;
    at += FIRST_HEADER_BYTES + (isExtended ? 4 : 0);
    const gap = isExtended ? 5 : 1;
    yield { typeId, timestamp, length, at, gap };
    at += length + gap * (Math.max(1, Math.ceil(length / chunkSize)) - 1);
  }
}

function writeTag(run: Buffer, message: MessageInRun, chunkSize: number, out: Buffer, start: number): number {
  const { length, gap } = message;
  let to = writeFlvTagHead(message, length, out, start);
  for (let from = message.at, left = length; left > 0; ) {
    const bytes = Math.min(left, chunkSize);
    run.copy(out, to, from, from + bytes);
    to += bytes;
    left -= bytes;
    from += bytes + gap;
  }
  return writeFlvTagTail(length, out, to);
}
