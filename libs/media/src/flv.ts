import { GrowingBuffer } from './growing-buffer.js';
import { MediaError } from './media-error.js';
import { MessageType } from './rtmp-message.js';
import { readUint24, writeUint24 } from './uint24.js';

/** A tag of FLV: audio 8, video 9 or data 18; milliseconds, uint32. */
export interface FlvTag {
  typeId: number;
  timestamp: number;
  payload: Buffer;
}

/** 'F' 'L' 'V' 1, flags, header size 9, and the size 0 of the tag before the first: 13 bytes. */
export function flvHeader(has: { audio: boolean; video: boolean }): Buffer {
  return Buffer.from([0x46, 0x4c, 0x56, 1, (has.audio ? 4 : 0) | (has.video ? 1 : 0), 0, 0, 0, 9, 0, 0, 0, 0]);
}

const TAG_HEADER = 11;
/** Bytes around a tag's payload: 11 in front, 4 behind. */
export const FLV_TAG_OVERHEAD = TAG_HEADER + 4;

/** One tag with its size behind it. */
export function encodeFlvTag(m: { typeId: number; timestamp: number; payload: Buffer }): Buffer {
  const out = Buffer.allocUnsafe(FLV_TAG_OVERHEAD + m.payload.length);
  const at = writeFlvTagHead(m, m.payload.length, out, 0);
  writeFlvTagTail(m.payload.length, out, at + m.payload.copy(out, at));
  return out;
}

/** Writes a tag's head of 11 bytes at `at` of `out`, which must have room for all of it; returns where its payload begins. */
export function writeFlvTagHead(
  m: { typeId: number; timestamp: number },
  payloadBytes: number,
  out: Buffer,
  at: number,
): number {
  if (payloadBytes > 0xffffff) throw new MediaError('limit', `a tag of ${payloadBytes} bytes`);
  const timestamp = m.timestamp >>> 0;
  out[at] = m.typeId;
  writeUint24(out, payloadBytes, at + 1);
  writeUint24(out, timestamp & 0xffffff, at + 4);
  out[at + 7] = timestamp >>> 24;
  out.fill(0, at + 8, at + TAG_HEADER);
  return at + TAG_HEADER;
}

/** Writes what stands behind a payload that ends at `at`; returns where the tag ends. */
export function writeFlvTagTail(payloadBytes: number, out: Buffer, at: number): number {
  return out.writeUInt32BE(TAG_HEADER + payloadBytes, at);
}

const FILE_HEADER = 9;
/** FLV version 1 has 9; a header that claims more is skipped over up to this. */
const MAX_FILE_HEADER = 4096;

/**
 * Reads an FLV file or HTTP-FLV body pushed in any pieces. The payloads are their own memory, or views into what was
 * pushed. Throws MediaError `flv`, or `limit` for a tag over maxTagBytes.
 */
export class FlvReader {
  readonly #maxTagBytes: number;
  #rest: Buffer | null = null;
  #state: 'file-header' | 'skip' | 'tag-header' | 'payload' = 'file-header';
  #skip = 0;
  #tag: { typeId: number; timestamp: number; payload: GrowingBuffer } | null = null;
  #has: { audio: boolean; video: boolean } | null = null;

  /** 16 MiB is all that a tag can say. */
  constructor(o: { maxTagBytes?: number } = {}) {
    this.#maxTagBytes = o.maxTagBytes ?? 0xffffff;
  }

  /** What the file's header claims to contain; null before it was read. */
  get has(): { audio: boolean; video: boolean } | null {
    return this.#has;
  }

  push(input: Buffer): FlvTag[] {
    const out: FlvTag[] = [];
    const data = this.#rest === null ? input : Buffer.concat([this.#rest, input]);
    this.#rest = null;
    let at = 0;
    for (;;) {
      const next = this.#step(data, at, out);
      if (next < 0) break;
      at = next;
    }
    if (at < data.length) this.#rest = Buffer.from(data.subarray(at));
    return out;
  }

  /** Where the next step starts, or -1 when more bytes are needed. At most one header is left unread. */
  #step(data: Buffer, at: number, out: FlvTag[]): number {
    const left = data.length - at;
    switch (this.#state) {
      case 'file-header':
        return left < FILE_HEADER ? -1 : this.#readFileHeader(data, at);
      case 'skip': {
        if (left === 0) return -1;
        const bytes = Math.min(left, this.#skip);
        this.#skip -= bytes;
        if (this.#skip === 0) this.#state = 'tag-header';
        return at + bytes;
      }
      case 'tag-header':
        return left < TAG_HEADER ? -1 : this.#readTagHeader(data, at);
      case 'payload': {
        const { payload, typeId, timestamp } = this.#tag!;
        const bytes = Math.min(left, payload.missing);
        payload.append(data, at, at + bytes);
        if (payload.missing > 0) return left === 0 ? -1 : at + bytes;
        out.push({ typeId, timestamp, payload: payload.take() });
        this.#tag = null;
        this.#state = 'skip';
        this.#skip = 4;
        return at + bytes;
      }
    }
  }

  #readFileHeader(data: Buffer, at: number): number {
    if (data.toString('latin1', at, at + 3) !== 'FLV') throw new MediaError('flv', 'not an FLV file');
    const flags = data[at + 4]!;
    const size = data.readUInt32BE(at + 5);
    if (size < FILE_HEADER || size > MAX_FILE_HEADER) throw new MediaError('flv', `a file header of ${size} bytes`);
    this.#has = { audio: (flags & 4) !== 0, video: (flags & 1) !== 0 };
    this.#state = 'skip';
    this.#skip = size - FILE_HEADER + 4;
    return at + FILE_HEADER;
  }

  #readTagHeader(data: Buffer, at: number): number {
    const typeId = data[at]! & 0x1f;
    if (typeId !== MessageType.audio && typeId !== MessageType.video && typeId !== MessageType.dataAmf0) {
      throw new MediaError('flv', `a tag of type ${typeId}`);
    }
    const size = readUint24(data, at + 1);
    if (size > this.#maxTagBytes) throw new MediaError('limit', `a tag of ${size} bytes`);
    const timestamp = readUint24(data, at + 4) + data[at + 7]! * 0x1000000;
    this.#tag = { typeId, timestamp, payload: new GrowingBuffer(size) };
    this.#state = 'payload';
    return at + TAG_HEADER;
  }
}
