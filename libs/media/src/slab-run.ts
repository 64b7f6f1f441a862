import { flvHeader } from './flv.js';
import type { ByteAccount } from './slab-account.js';
import { encodeRtmpRun, type FlvKeep, type FlvRun, flvBytesOfRun, flvOfRun } from './slab-encode.js';
import type { SlabMemory } from './slab-memory.js';
import { messagesToStart, type StreamHeaders } from './stream-headers.js';

type FlvForms = Readonly<Partial<Record<FlvKeep, FlvRun>>>;
type Joined = readonly { readonly form: string; readonly bytes: Buffer }[];
/** Most slabs have none of either. */
const NO_FORMS: FlvForms = {};
const NONE_JOINED: Joined = [];
const NO_MEMORY: readonly Buffer[] = [];

/** What the slabs of a stream have in common. */
export interface SlabHome {
  /** Announced to each RTMP player, for the life of the stream. */
  readonly chunkSize: number;
  readonly account: ByteAccount;
  readonly memory: SlabMemory;
}

/** Memory that a slab takes beside its bytes: tiny ones must not hold more than is counted. */
const SLAB_OVERHEAD_BYTES = 1024;

/**
 * A run of messages that goes to all players as one buffer. Closed when it comes out of the ring: it never changes. The
 * FLV form is made when the first player wants it, and is counted in the ring's account.
 */
export class Slab {
  readonly number: number;
  /** What an RTMP player is sent of it. */
  readonly rtmp: Buffer;
  /** In force before its first message. */
  readonly headers: StreamHeaders;
  readonly startsWithKeyFrame: boolean;
  /** It has audio or video frames, not only headers. */
  readonly hasFrames: boolean;
  /** Of its audio and video, headers included. */
  readonly firstTimestamp: number;
  readonly lastTimestamp: number;
  readonly #home: SlabHome;
  /** Its home's, as are those that it took for other forms. */
  readonly #memory: Buffer;
  #forms = NO_MEMORY;
  /** Counted, until it is released. */
  #bytes = 0;
  #released = false;
  #isLent = false;
  #rtmpStart: Buffer | null = null;
  #flv: FlvForms = NO_FORMS;
  #flvStart: FlvForms = NO_FORMS;
  #joined = NONE_JOINED;

  constructor(
    content: {
      number: number;
      /** Of its home's: writeRtmpRun has made `bytes` of it. */
      memory: Buffer;
      bytes: number;
      headers: StreamHeaders;
      startsWithKeyFrame: boolean;
      hasFrames: boolean;
      firstTimestamp: number;
      lastTimestamp: number;
    },
    home: SlabHome,
  ) {
    this.number = content.number;
    this.rtmp = content.memory.subarray(0, content.bytes);
    this.headers = content.headers;
    this.startsWithKeyFrame = content.startsWithKeyFrame;
    this.hasFrames = content.hasFrames;
    this.firstTimestamp = content.firstTimestamp;
    this.lastTimestamp = content.lastTimestamp;
    this.#home = home;
    this.#memory = content.memory;
    this.#count(content.memory.length + SLAB_OVERHEAD_BYTES);
  }

  /** Empty when there is nothing to keep of it. */
  flv(keep: FlvKeep = 'all'): FlvRun {
    return this.#flv[keep] ?? this.#makeFlv(keep);
  }

  /** The headers that a player needs who begins here; the codecs' at the time of the first frame. Shared. */
  rtmpStart(): Buffer {
    if (this.#rtmpStart === null) {
      this.#rtmpStart = encodeRtmpRun(messagesToStart(this.headers, this.firstTimestamp), this.#home.chunkSize);
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
    if (known !== undefined) return known;
    const made = flvOfRun(this.rtmpStart(), this.#home.chunkSize, keep, { head: flvHeader(tracks) });
    this.#flvStart = { ...this.#flvStart, [keep]: made };
    this.#count(made.chunk.length);
    return made;
  }

  /** The headers alone, for an FLV player that jumped here. Rare: made anew each time. */
  flvHeaders(keep: FlvKeep = 'all'): FlvRun {
    return flvOfRun(this.rtmpStart(), this.#home.chunkSize, keep);
  }

  /**
   * `own` and `next`, what a player of this `form` is sent of it and of the slab behind it, as one buffer: made once for all
   * who get both at once. The kernel takes two at a price of half a write more.
   */
  joined(form: string, own: Buffer, next: Buffer): Buffer {
    const known = this.#joined.find((each) => each.form === form);
    if (known !== undefined) return known.bytes;
    const length = own.length + next.length;
    const memory = this.#home.memory.take(length);
    next.copy(memory, own.copy(memory));
    this.#forms = [...this.#forms, memory];
    this.#count(memory.length);
    const bytes = memory.subarray(0, length);
    this.#joined = [...this.#joined, { form, bytes }];
    return bytes;
  }

  /** Somebody whom nobody asks any more may still be writing it: its memory goes the collector's way. */
  lend(): void {
    this.#isLent = true;
  }

  /** The ring lets go of it. `isRead`: players that are just writing it keep its memory alive; else it is used again. */
  release(isRead: boolean): void {
    if (this.#released) return;
    this.#released = true;
    this.#home.account.add(-this.#bytes);
    if (isRead || this.#isLent) return;
    this.#home.memory.give(this.#memory);
    for (const memory of this.#forms) this.#home.memory.give(memory);
  }

  #makeFlv(keep: FlvKeep): FlvRun {
    // Where there is nothing to leave out, it is the form that the others are sent.
    const isAll = keep !== 'all' && this.#flvBytes(keep) === this.#flvBytes('all');
    const made = isAll ? this.flv() : this.#newFlv(keep);
    this.#flv = { ...this.#flv, [keep]: made };
    return made;
  }

  #newFlv(keep: FlvKeep): FlvRun {
    const { chunkSize, memory } = this.#home;
    const made = flvOfRun(this.rtmp, chunkSize, keep, { allocate: (bytes) => memory.take(bytes) });
    if (made.memory.length > 0) this.#forms = [...this.#forms, made.memory];
    this.#count(made.memory.length);
    return made;
  }

  #flvBytes(keep: FlvKeep): number {
    return flvBytesOfRun(this.rtmp, this.#home.chunkSize, keep);
  }

  #count(bytes: number): void {
    if (this.#released) return;
    this.#bytes += bytes;
    this.#home.account.add(bytes);
  }
}
