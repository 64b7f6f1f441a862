import { GrowingBuffer } from './growing-buffer.js';
import { MediaError } from './media-error.js';
import { DEFAULT_CHUNK_SIZE, MessageType, type RtmpMessage } from './rtmp-message.js';
import type { ByteAccount } from './slab-account.js';
import { readUint24 } from './uint24.js';

export interface ChunkReaderLimits {
  /** Largest message. 4 MiB: a key frame of 100 Mbit/s video is below 2 MiB. */
  maxMessageBytes: number;
  /** Chunk streams that a peer may open. Encoders use up to 6, the specification's own samples 10. */
  maxChunkStreams: number;
  /** Memory for unfinished messages of all chunk streams together. */
  maxPartialBytes: number;
}

export const DEFAULT_CHUNK_READER_LIMITS: ChunkReaderLimits = {
  maxMessageBytes: 4 * 1024 * 1024,
  maxChunkStreams: 32,
  maxPartialBytes: 8 * 1024 * 1024,
};

/**
 * What a connection may hold of unfinished messages when all connections together hold more than they may: key frames of
 * usual streams still come through then.
 */
export const FAIR_PARTIAL_BYTES = 256 * 1024;

const EXTENDED = 0xffffff;
const HEADER_BYTES = [11, 7, 3, 0] as const;

type Deliver = (message: RtmpMessage) => void;

/** What is remembered of a chunk stream: the headers of its next message may lean on it. */
interface ChunkStreamState {
  csid: number;
  timestamp: number;
  /** The 24-bit field of the last header (absolute after fmt 0): added again when fmt 3 starts a message. */
  delta: number;
  extended: boolean;
  /** The four bytes of the last header's extended timestamp. */
  extendedField: number;
  length: number;
  typeId: number;
  streamId: number;
  partial: GrowingBuffer | null;
}

/**
 * Turns the chunks of one direction of a connection (after the handshake) into messages. Set Chunk Size and Abort are
 * obeyed here and not handed out; a message without a byte says nothing and is left out, as SRS does: one chunk of a
 * single byte can be one, and each would cost a hundred times that.
 *
 * Ownership: the payload of a message that came in one chunk may be a view into the pushed buffer, others are their
 * own memory. A caller that reuses the buffer it pushed must have copied the payloads before.
 * Throws MediaError; the reader is of no use afterwards.
 */
export class ChunkReader {
  #limits: ChunkReaderLimits;
  readonly #total: ByteAccount | null;
  /** A few: looked through one by one. */
  readonly #streams: ChunkStreamState[] = [];
  #chunkSize = DEFAULT_CHUNK_SIZE;
  #partialBytes = 0;
  /** The start of a chunk header whose end has not arrived: at most 17 bytes. */
  #headerRest: Buffer | null = null;
  /** The chunk stream in whose payload we are, and what is missing of this chunk. */
  #current: ChunkStreamState | null = null;
  #chunkMissing = 0;

  /** `total`: the account of the unfinished messages of all connections. */
  constructor(limits: Partial<ChunkReaderLimits> = {}, total: ByteAccount | null = null) {
    this.#limits = { ...DEFAULT_CHUNK_READER_LIMITS, ...limits };
    this.#total = total;
  }

  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** Bytes held for unfinished messages. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** Other limits from the next chunk on. */
  limit(limits: Partial<ChunkReaderLimits>): void {
    this.#limits = { ...this.#limits, ...limits };
  }

  /** Gives back what unfinished messages hold; nothing is pushed any more. */
  dispose(): void {
    for (const state of this.#streams) this.#drop(state);
    this.#current = null;
  }

  push(input: Buffer): RtmpMessage[] {
    const out: RtmpMessage[] = [];
    this.read(input, (message) => out.push(message));
    return out;
  }

  /** The same, message by message: what one of them changes (`limit`) holds for the chunks behind it. */
  read(input: Buffer, deliver: (message: RtmpMessage) => void): void {
    let data = input;
    if (this.#headerRest !== null) {
      data = Buffer.concat([this.#headerRest, input]);
      this.#headerRest = null;
    }
    let at = 0;
    for (;;) {
      if (this.#current !== null) {
        at = this.#readPayload(this.#current, data, at, deliver);
        if (this.#current !== null) return;
      }
      if (at >= data.length) return;
      const next = this.#readHeader(data, at);
      if (next < 0) {
        this.#headerRest = Buffer.from(data.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Reads one chunk header and makes its stream the current one. -1: more bytes are needed, nothing was changed. */
  #readHeader(data: Buffer, start: number): number {
    const first = data[start]!;
    const fmt = first >> 6;
    let csid = first & 0x3f;
    let at = start + 1;
    if (csid < 2) {
      const basicEnd = at + csid + 1;
      if (basicEnd > data.length) return -1;
      csid = csid === 0 ? 64 + data[at]! : 64 + data[at]! + data[at + 1]! * 256;
      at = basicEnd;
    }
    const headerEnd = at + HEADER_BYTES[fmt as 0 | 1 | 2 | 3];
    if (headerEnd > data.length) return -1;

    const known = this.#streamOf(csid);
    const extended = fmt === 3 ? known?.extended === true : readUint24(data, at) === EXTENDED;
    if (extended && headerEnd + 4 > data.length) return -1;
    const extendedField = extended ? data.readUInt32BE(headerEnd) : 0;

    const state = known ?? this.#openStream(csid, fmt);
    const hasExtended = applyHeader(state, fmt, data, at, extended, extendedField);
    this.#startChunk(state);
    return headerEnd + (hasExtended ? 4 : 0);
  }

  #openStream(csid: number, fmt: number): ChunkStreamState {
    // librtmp opens chunk stream 2 with fmt 1 when it pings; SRS accepts that, and nothing else but fmt 0.
    if (fmt > 1) throw new MediaError('chunk', `chunk stream ${csid} starts with fmt ${fmt}`);
    if (this.#streams.length >= this.#limits.maxChunkStreams) {
      throw new MediaError('limit', `more than ${this.#limits.maxChunkStreams} chunk streams`);
    }
    const state: ChunkStreamState = {
      csid,
      timestamp: 0,
      delta: 0,
      extended: false,
      extendedField: 0,
      length: 0,
      typeId: 0,
      streamId: 0,
      partial: null,
    };
    this.#streams.push(state);
    return state;
  }

  #streamOf(csid: number): ChunkStreamState | undefined {
    for (const state of this.#streams) if (state.csid === csid) return state;
    return undefined;
  }

  #startChunk(state: ChunkStreamState): void {
    if (state.length > this.#limits.maxMessageBytes) {
      throw new MediaError('limit', `a message of ${state.length} bytes`);
    }
    this.#current = state;
    this.#chunkMissing = Math.min(this.#chunkSize, state.partial === null ? state.length : state.partial.missing);
  }

  #readPayload(state: ChunkStreamState, data: Buffer, at: number, deliver: Deliver): number {
    const to = Math.min(data.length, at + this.#chunkMissing);
    if (state.partial === null && to - at === state.length) {
      this.#current = null;
      this.#deliver(state, data.subarray(at, to), deliver);
      return to;
    }
    if (to > at) {
      this.#append(state, data, at, to);
      this.#chunkMissing -= to - at;
    }
    if (this.#chunkMissing === 0) {
      this.#current = null;
      if (state.partial?.missing === 0) {
        const payload = state.partial.take();
        this.#drop(state);
        this.#deliver(state, payload, deliver);
      }
    }
    return to;
  }

  #append(state: ChunkStreamState, data: Buffer, from: number, to: number): void {
    if (state.partial === null) {
      state.partial = new GrowingBuffer(state.length);
      this.#count(state.partial.capacity);
    }
    const before = state.partial.capacity;
    state.partial.append(data, from, to);
    this.#count(state.partial.capacity - before);
    const held = this.#partialBytes;
    if (held > this.#limits.maxPartialBytes) throw new MediaError('limit', `${held} bytes of unfinished messages`);
    if (held > FAIR_PARTIAL_BYTES && this.#total?.isOver) {
      throw new MediaError('limit', `${held} bytes of unfinished messages, and too many of all connections`);
    }
  }

  #count(bytes: number): void {
    this.#partialBytes += bytes;
    this.#total?.add(bytes);
  }

  #drop(state: ChunkStreamState): void {
    if (state.partial !== null) this.#count(-state.partial.capacity);
    state.partial = null;
  }

  #deliver(state: ChunkStreamState, payload: Buffer, deliver: Deliver): void {
    if (payload.length === 0) return;
    const { typeId, timestamp, streamId } = state;
    if (typeId === MessageType.setChunkSize) this.#setChunkSize(payload);
    else if (typeId === MessageType.abort) this.#abort(payload);
    else deliver({ typeId, timestamp, streamId, payload });
  }

  #setChunkSize(payload: Buffer): void {
    if (payload.length < 4) throw new MediaError('chunk', 'set chunk size without a size');
    const size = payload.readUInt32BE(0) & 0x7fffffff;
    if (size < 1) throw new MediaError('chunk', `chunk size ${size}`);
    this.#chunkSize = size;
  }

  #abort(payload: Buffer): void {
    if (payload.length < 4) throw new MediaError('chunk', 'abort without a chunk stream');
    const state = this.#streamOf(payload.readUInt32BE(0));
    if (state !== undefined) this.#drop(state);
  }
}

/**
 * Updates a chunk stream from a header; true if the four bytes of an extended timestamp belong to it.
 * Rules as SRS 5 has them (srs_protocol_rtmp_stack.cpp, read_message_header), and as the specification has them
 * where fmt 1 and 2 carry an extended delta.
 */
function applyHeader(
  state: ChunkStreamState,
  fmt: number,
  data: Buffer,
  at: number,
  extended: boolean,
  extendedField: number,
): boolean {
  const inMessage = state.partial !== null;
  if (fmt === 3) {
    // Some peers (ffmpeg, librtmp of old) leave the extended timestamp out of continuation chunks: it is there if
    // the bytes are those of the message's header, or of its time.
    if (inMessage) return extended && (extendedField === state.extendedField || extendedField === state.timestamp);
    if (extended) {
      state.timestamp = extendedField;
      state.extendedField = extendedField;
    } else {
      state.timestamp = (state.timestamp + state.delta) >>> 0;
    }
    return extended;
  }
  if (inMessage && fmt === 0) {
    throw new MediaError('chunk', `chunk stream ${state.csid} starts a message within another`);
  }
  if (fmt <= 1) {
    const length = readUint24(data, at + 3);
    if (inMessage && length !== state.length) {
      throw new MediaError('chunk', `a message of ${state.length} bytes turns into one of ${length}`);
    }
    state.length = length;
    state.typeId = data[at + 6]!;
    if (fmt === 0) state.streamId = data.readUInt32LE(at + 7);
  }
  const time = extended ? extendedField : readUint24(data, at);
  state.delta = time;
  state.timestamp = fmt === 0 ? time : (state.timestamp + time) >>> 0;
  state.extended = extended;
  state.extendedField = extendedField;
  return extended;
}
