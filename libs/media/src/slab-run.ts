import { flvHeader } from './flv.js';
import type { RtmpMessage } from './rtmp-message.js';
import type { ByteAccount } from './slab-account.js';
import { encodeFlvRun, encodeRtmpRun, type FlvKeep, type FlvRun, keptMessages } from './slab-encode.js';

type FlvForms = Record<FlvKeep, FlvRun | null>;

/**
 * What a message is to a player that joins or jumps. Headers are metadata and sequence headers; `key-frame` is where
 * a player can begin.
 */
export type FrameKind = 'metadata' | 'video-header' | 'audio-header' | 'key-frame' | 'video' | 'audio' | 'data';

/**
 * Memory that a message takes beside its bytes, and a slab beside its messages (its buffers' own objects among it): a
 * publisher of tiny messages must not hold more than the bytes that are counted.
 */
export const MESSAGE_OVERHEAD_BYTES = 256;
const SLAB_OVERHEAD_BYTES = 1024;

/** The headers in force at some place of a stream. Immutable: a change makes a new one. */
export interface StreamHeaders {
  readonly metadata: RtmpMessage | null;
  readonly video: RtmpMessage | null;
  readonly audio: RtmpMessage | null;
}

export const NO_HEADERS: StreamHeaders = { metadata: null, video: null, audio: null };

/**
 * A run of messages that goes to all players as one buffer. Closed when it comes out of the ring: its messages never
 * change. The RTMP and FLV forms are made when the first player wants them, and are counted in the ring's account.
 */
export class Slab {
  readonly number: number;
  readonly messages: readonly RtmpMessage[];
  /** In force before its first message. */
  readonly headers: StreamHeaders;
  readonly startsWithKeyFrame: boolean;
  /** It has audio or video frames, not only headers. */
  readonly hasFrames: boolean;
  /** Of its audio and video, headers included. */
  readonly firstTimestamp: number;
  readonly lastTimestamp: number;
  readonly #chunkSize: number;
  readonly #account: ByteAccount;
  #bytes: number;
  #released = false;
  #rtmp: Buffer | null = null;
  #rtmpStart: Buffer | null = null;
  readonly #flv: FlvForms = { all: null, audio: null, video: null };
  readonly #flvStart: FlvForms = { all: null, audio: null, video: null };

  constructor(
    content: {
      number: number;
      messages: readonly RtmpMessage[];
      headers: StreamHeaders;
      startsWithKeyFrame: boolean;
      hasFrames: boolean;
      firstTimestamp: number;
      lastTimestamp: number;
      /** Counted already: payloads and MESSAGE_OVERHEAD_BYTES each. */
      messageBytes: number;
    },
    chunkSize: number,
    account: ByteAccount,
  ) {
    this.number = content.number;
    this.messages = content.messages;
    this.headers = content.headers;
    this.startsWithKeyFrame = content.startsWithKeyFrame;
    this.hasFrames = content.hasFrames;
    this.firstTimestamp = content.firstTimestamp;
    this.lastTimestamp = content.lastTimestamp;
    this.#chunkSize = chunkSize;
    this.#account = account;
    this.#bytes = content.messageBytes;
    this.#count(SLAB_OVERHEAD_BYTES);
  }

  /** The ring has let go of it. */
  get isReleased(): boolean {
    return this.#released;
  }

  /** Held by it, and counted unless it is released. */
  get bytes(): number {
    return this.#bytes;
  }

  rtmp(): Buffer {
    if (this.#rtmp === null) {
      this.#rtmp = encodeRtmpRun(this.messages, this.#chunkSize);
      this.#count(this.#rtmp.length);
    }
    return this.#rtmp;
  }

  /** Empty when there is nothing to keep of it. */
  flv(keep: FlvKeep = 'all'): FlvRun {
    return this.#flv[keep] ?? this.#makeFlv(keep);
  }

  /** The headers that a player needs who begins here; the codecs' at the time of the first frame. Shared. */
  rtmpStart(): Buffer {
    if (this.#rtmpStart === null) {
      this.#rtmpStart = encodeRtmpRun(this.#startMessages(), this.#chunkSize);
      this.#count(this.#rtmpStart.length);
    }
    return this.#rtmpStart;
  }

  /**
   * The same with the FLV file header in front. Its flags follow what is there (a false one hangs players): `tracks` is
   * what the first asker knows of them.
   */
  flvStart(tracks: { video: boolean; audio: boolean }, keep: FlvKeep = 'all'): FlvRun {
    const known = this.#flvStart[keep];
    if (known !== null) return known;
    const made = encodeFlvRun(keptMessages(this.#startMessages(), keep), flvHeader(tracks));
    this.#flvStart[keep] = made;
    this.#count(made.chunk.length);
    return made;
  }

  /** The headers alone, for an FLV player that jumped here. Rare: made anew each time. */
  flvHeaders(keep: FlvKeep = 'all'): FlvRun {
    return encodeFlvRun(keptMessages(this.#startMessages(), keep));
  }

  /** The ring lets go of it; players that are just writing it keep its buffers alive. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#account.add(-this.#bytes);
  }

  /** Nothing to leave out: it is the form that the others are sent. */
  #makeFlv(keep: FlvKeep): FlvRun {
    const kept = keptMessages(this.messages, keep);
    if (keep !== 'all' && kept === this.messages) {
      const all = this.flv();
      this.#flv[keep] = all;
      return all;
    }
    const made = encodeFlvRun(kept);
    this.#flv[keep] = made;
    this.#count(made.chunk.length);
    return made;
  }

  #startMessages(): RtmpMessage[] {
    const { metadata, video, audio } = this.headers;
    const timestamp = this.firstTimestamp;
    const codecs = [video, audio].flatMap((header) => (header === null ? [] : [{ ...header, timestamp }]));
    return metadata === null ? codecs : [metadata, ...codecs];
  }

  #count(bytes: number): void {
    if (this.#released) return;
    this.#bytes += bytes;
    this.#account.add(bytes);
  }
}
