import { OpenSlab } from './open-slab.js';
import type { RtmpMessage } from './rtmp-message.js';
import { ByteAccount } from './slab-account.js';
import { SlabMemory } from './slab-memory.js';
import { Slab, type SlabHome } from './slab-run.js';
import { type FrameKind, headersAfter, NO_HEADERS, type StreamHeaders } from './stream-headers.js';

/** A slab is closed at this size at the latest: one write of it fits a socket's buffers. */
export const SLAB_BYTES = 256 * 1024;

/**
 * What a stream may keep when all streams together hold more than they may: two slabs of usual size. One that has more
 * in its newest slab alone (messages of megabytes) gives up that, too, and its players go on at a later key frame.
 */
export const FAIR_RING_BYTES = 2 * SLAB_BYTES;

/** Media time within which every track of a stream has shown itself, or does not exist. */
const TRACKS_KNOWN_AFTER_MS = 1000;

export interface StreamRingOptions {
  /** The chunk size announced to each RTMP player, for the life of the stream. */
  chunkSize: number;
  /** Bytes that the ring may hold: of both forms. */
  maxBytes: number;
  /** Media time that a player may lag; older slabs go, but for the cached GOP. */
  maxLagMs: number;
  gopCache: boolean;
  /** A GOP of more frames is not cached (SRS: gop_cache_max_frames): a joiner would get minutes at once. */
  gopCacheMaxFrames: number;
  /** The process's account above the stream's own. */
  total?: ByteAccount;
  /** The process's; its own where there is none. */
  memory?: SlabMemory;
}

/**
 * The last part of a stream as numbered slabs. Players hold a number, their cursor; the ring knows no player. What
 * nobody needs any more (`release`) and what is over the limits goes from its old end; the tail from the newest key
 * frame on is the GOP cache.
 */
export class StreamRing {
  readonly #options: StreamRingOptions;
  readonly #account: ByteAccount;
  readonly #home: SlabHome;
  #slabs: Slab[] = [];
  /** The number of #slabs[0]. */
  #oldest = 0;
  #next = 0;
  readonly #open: OpenSlab;
  #openHeaders: StreamHeaders = NO_HEADERS;
  #openStartsWithKey = false;
  #openHasFrames = false;
  #openFirst: number | null = null;
  #lastTimestamp = 0;
  #headers: StreamHeaders = NO_HEADERS;
  #hasVideo = false;
  #hasAudio = false;
  /** The number of the slab that begins with the newest key frame; null: none is cached. It may be the open one. */
  #gopStart: number | null = null;
  #gopFrames = 0;
  /** The time of the publisher's first frame. */
  #firstFrameAt: number | null = null;
  /** The newest slab that began with a key frame, cached or not: where a player that lags can go on. */
  #newestKey: number | null = null;

  constructor(options: StreamRingOptions) {
    this.#options = options;
    this.#account = new ByteAccount(options.maxBytes, options.total ?? null);
    const { chunkSize, memory = new SlabMemory() } = options;
    this.#home = { chunkSize, account: this.#account, memory };
    this.#open = new OpenSlab(this.#home);
  }

  /** The number of the slab that is closed next: all below it can be had, unless they are gone. */
  get next(): number {
    return this.#next;
  }
  get oldest(): number {
    return this.#oldest;
  }
  get bytes(): number {
    return this.#account.bytes;
  }
  get hasOpen(): boolean {
    return this.#open.bytes > 0;
  }
  get headers(): StreamHeaders {
    return this.#headers;
  }
  /** By frames: a header alone may be all that ever comes of a track (SRS judges so, too). */
  get tracks(): { video: boolean; audio: boolean } {
    return { video: this.#hasVideo, audio: this.#hasAudio };
  }
  /** False while a second track may still turn up: the flags of an FLV header cannot be told yet. */
  get areTracksKnown(): boolean {
    if (this.#firstFrameAt === null) return false;
    // Either way: the clock begins at 0 again before 2^31.
    const passedMs = Math.abs(this.#lastTimestamp - this.#firstFrameAt);
    return (this.#hasVideo && this.#hasAudio) || passedMs >= TRACKS_KNOWN_AFTER_MS;
  }

  /** So many bytes of messages and their headers come now, about: their slab has room for them at once. */
  expect(bytes: number): void {
    if (!this.hasOpen) this.#open.expect(bytes);
  }

  /** Takes a copy of a message. True if slabs were closed by it. */
  append(message: RtmpMessage, kind: FrameKind): boolean {
    const before = this.#next;
    const headers = headersAfter(this.#headers, message, kind);
    const isHeader = kind === 'video-header' || kind === 'audio-header';
    const { video, audio } = this.#headers;
    // By frames, a header goes out of force, or comes into it again: a joiner must not begin with the old one.
    const isOtherCodec = !isHeader && (headers.video !== video || headers.audio !== audio);
    if (kind === 'key-frame' || isHeader || isOtherCodec) this.close();
    if (!this.hasOpen) {
      this.#openHeaders = isOtherCodec ? headers : this.#headers;
      this.#openStartsWithKey = kind === 'key-frame';
    }
    if (isOtherCodec || isOther(video, headers.video) || isOther(audio, headers.audio)) this.#forgetGop();
    this.#headers = headers;
    this.#note(message, kind);
    if (kind !== 'metadata' && kind !== 'data') {
      this.#openFirst ??= message.timestamp;
      this.#lastTimestamp = message.timestamp;
    }
    this.#open.append(message);
    if (this.#open.bytes >= SLAB_BYTES) this.close();
    return this.#next !== before;
  }

  /** Closes the open slab, if there is anything in it; its players get it now. */
  close(): boolean {
    if (!this.hasOpen) return false;
    const { bytes } = this.#open;
    const memory = this.#open.close();
    const slab = new Slab(
      {
        number: this.#next,
        memory,
        bytes,
        headers: this.#openHeaders,
        startsWithKeyFrame: this.#openStartsWithKey,
        hasFrames: this.#openHasFrames,
        firstTimestamp: this.#openFirst ?? this.#lastTimestamp,
        lastTimestamp: this.#lastTimestamp,
      },
      this.#home,
    );
    this.#slabs.push(slab);
    if (slab.startsWithKeyFrame) this.#newestKey = slab.number;
    this.#next++;
    this.#openHasFrames = false;
    this.#openFirst = null;
    this.#trim();
    return true;
  }

  /** Another publisher, or another pull: the old frames are no start for anybody, and its headers are to come. */
  republish(): void {
    this.close();
    this.#forgetGop();
    this.#newestKey = null;
    this.#headers = NO_HEADERS;
    this.#hasVideo = false;
    this.#hasAudio = false;
    this.#firstFrameAt = null;
  }

  /**
   * The cursor of a player that begins now: the cached GOP, or else what is open. The open slab is not closed for it,
   * it gets that with everybody else: closing would cost a write to every player for each one that joins.
   */
  join(): number {
    return this.#gopStart ?? this.#next;
  }

  slabAt(number: number): Slab | undefined {
    return number < this.#oldest ? undefined : this.#slabs[number - this.#oldest];
  }

  /**
   * Where a player that lags or stood still goes on, after `cursor`: at the newest key frame's slab, or, of a stream
   * without video, which has none, at the newest slab. Null: it waits for the next one.
   */
  restartAfter(cursor: number): number | null {
    const hasNoKeys = !this.#hasVideo && this.areTracksKnown;
    const start = hasNoKeys ? this.#next - 1 : this.#newestKey;
    return start !== null && start > cursor && start >= this.#oldest ? start : null;
  }

  /** Nobody needs slabs below this number, or is still writing one; those before the cached GOP go, to be used again. */
  release(below: number): void {
    this.#dropBelow(Math.min(below, this.#gopStart ?? this.#next), false);
  }

  /** A player that leaves may still be writing what is from here on: none of it is used again. */
  lend(from: number): void {
    for (const slab of this.#slabs) if (slab.number >= from) slab.lend();
  }

  /** Gives up all that it holds. */
  clear(): void {
    this.close();
    this.#forgetGop();
    this.#newestKey = null;
    this.#dropBelow(this.#next);
    this.#headers = NO_HEADERS;
  }

  #note(message: RtmpMessage, kind: FrameKind): void {
    switch (kind) {
      case 'metadata':
      case 'video-header':
      case 'audio-header':
      case 'track-header':
      case 'data':
        return;
      case 'key-frame':
        this.#gopStart = this.#options.gopCache ? this.#next : null;
        this.#gopFrames = 0;
        this.#hasVideo = true;
        break;
      case 'video':
        this.#hasVideo = true;
        break;
      case 'audio':
        this.#hasAudio = true;
        break;
      default:
        kind satisfies never;
    }
    this.#openHasFrames = true;
    this.#firstFrameAt ??= message.timestamp;
    if (++this.#gopFrames > this.#options.gopCacheMaxFrames) this.#gopStart = null;
  }

  #forgetGop(): void {
    this.#gopStart = null;
    this.#gopFrames = 0;
  }

  /**
   * Old slabs beyond the lag go first; over the byte limits the cached GOP goes, too; the newest slab only where all
   * streams hold too much and it is above this one's fair part.
   */
  #trim(): void {
    const newest = this.#slabs.at(-1);
    if (newest === undefined) return;
    const keep = Math.min(this.#gopStart ?? newest.number, newest.number);
    while (this.#slabs.length > 1 && this.#account.isOver) this.#dropBelow(this.#oldest + 1);
    if (this.#options.total?.isOver && this.#account.bytes > FAIR_RING_BYTES) this.#dropBelow(this.#next);
    while (this.#oldest < keep) {
      const first = this.#slabs[0];
      if (first === undefined) break;
      // Signed: a republish or a rebase may have set the clock back.
      if (Math.abs(newest.lastTimestamp - first.lastTimestamp) <= this.#options.maxLagMs) break;
      this.#dropBelow(this.#oldest + 1);
    }
    if (this.#gopStart !== null && this.#gopStart < this.#oldest) this.#forgetGop();
  }

  #dropBelow(number: number, isRead = true): void {
    const count = Math.min(number - this.#oldest, this.#slabs.length);
    if (count <= 0) return;
    for (let i = 0; i < count; i++) this.#slabs[i]?.release(isRead);
    this.#slabs.splice(0, count);
    this.#oldest += count;
  }
}

function isOther(before: RtmpMessage | null, now: RtmpMessage | null): boolean {
  return before !== now && before !== null && now !== null && !before.payload.equals(now.payload);
}
