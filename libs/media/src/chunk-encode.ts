import { MediaError } from './media-error.js';
import { DEFAULT_CHUNK_SIZE, MessageType, type RtmpMessage } from './rtmp-message.js';
import { writeUint24 } from './uint24.js';

/** From here on the 24-bit field says 0xFFFFFF and four bytes follow (5.3.1.3). */
const EXTENDED = 0xffffff;
const MAX_PAYLOAD = 0xffffff;

/**
 * A message as chunks that need no knowledge of what went before: fmt 0 first, fmt 3 for the rest, each with the
 * extended timestamp if there is one. Any player at this chunk size may be sent these same bytes at any time.
 * `chunkStreamId` 2 to 65599; `chunkSize` bytes.
 */
export function encodeMessage(m: RtmpMessage, chunkStreamId: number, chunkSize: number): Buffer {
  return encodeChunks(m, chunkStreamId, chunkSize, 0, m.timestamp >>> 0);
}

interface LastWritten {
  readonly chunkStreamId: number;
  timestamp: number;
  streamId: number;
  typeId: number;
  length: number;
}

/**
 * Writes messages of one connection, and saves header bytes (fmt 1 and 2) against the message before on the same chunk
 * stream. For publishers and control messages; what is shared between players goes through encodeMessage.
 */
export class ChunkWriter {
  #chunkSize = DEFAULT_CHUNK_SIZE;
  /** Of each chunk stream; a few: looked through one by one. */
  readonly #written: LastWritten[] = [];

  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** The message that announces the new chunk size, which holds from the next message on. */
  setChunkSize(bytes: number): Buffer {
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(bytes & 0x7fffffff);
    const out = this.write({ typeId: MessageType.setChunkSize, timestamp: 0, streamId: 0, payload }, 2);
    this.#chunkSize = bytes;
    return out;
  }

  write(m: RtmpMessage, chunkStreamId: number): Buffer {
    const last = this.#written.find((each) => each.chunkStreamId === chunkStreamId);
    const { streamId, typeId } = m;
    const { length } = m.payload;
    const timestamp = m.timestamp >>> 0;
    const delta = last === undefined ? -1 : timestamp - last.timestamp;
    const same = last !== undefined && last.streamId === streamId && delta >= 0 && delta < EXTENDED;
    const alike = same && last.typeId === typeId && last.length === length;
    const fmt = alike ? 2 : same ? 1 : 0;
    const out = encodeChunks(m, chunkStreamId, this.#chunkSize, fmt, fmt === 0 ? timestamp : delta);
    if (last === undefined) this.#written.push({ chunkStreamId, timestamp, streamId, typeId, length });
    else Object.assign(last, { timestamp, streamId, typeId, length });
    return out;
  }
}

const HEADER_BYTES = [11, 7, 3] as const;

function encodeChunks(m: RtmpMessage, csid: number, chunkSize: number, fmt: 0 | 1 | 2, time: number): Buffer {
  const { payload } = m;
  if (payload.length > MAX_PAYLOAD) throw new MediaError('limit', `a message of ${payload.length} bytes`);
  const basic = csid < 64 ? 1 : csid < 320 ? 2 : 3;
  const extended = time >= EXTENDED ? 4 : 0;
  const chunks = payload.length === 0 ? 1 : Math.ceil(payload.length / chunkSize);
  const out = Buffer.allocUnsafe(HEADER_BYTES[fmt] + chunks * (basic + extended) + payload.length);

  let at = writeBasicHeader(out, 0, fmt, csid);
  writeUint24(out, extended ? EXTENDED : time, at);
  at += 3;
  if (fmt <= 1) {
    writeUint24(out, payload.length, at);
    at = out.writeUInt8(m.typeId, at + 3);
    if (fmt === 0) at = out.writeUInt32LE(m.streamId >>> 0, at);
  }
  if (extended) at = out.writeUInt32BE(time, at);
  let from = 0;
  for (;;) {
    const to = Math.min(from + chunkSize, payload.length);
    payload.copy(out, at, from, to);
    at += to - from;
    from = to;
    if (from >= payload.length) return out;
    at = writeBasicHeader(out, at, 3, csid);
    if (extended) at = out.writeUInt32BE(time, at);
  }
}

function writeBasicHeader(out: Buffer, at: number, fmt: number, csid: number): number {
  if (csid < 64) return out.writeUInt8((fmt << 6) | csid, at);
  if (csid < 320) {
    out[at] = fmt << 6;
    out[at + 1] = csid - 64;
    return at + 2;
  }
  out[at] = (fmt << 6) | 1;
  out[at + 1] = (csid - 64) & 0xff;
  out[at + 2] = (csid - 64) >> 8;
  return at + 3;
}
