import type { FlvKeep, Slab, StreamRing } from '@dolphin/media';
import { type FlvTrackRule, GUESS_TRACKS, keptTracks, namedTracks, type Tracks } from '../domain/flv-tracks.js';
import { answerLag, type WriteProgress, watchWrite } from '../domain/player-rules.js';
import type { Sink } from './ports.js';

/** Small slabs that are there together go out as one write of about this: a source of tiny ones costs a write each else. */
const RUN_BYTES = 64 * 1024;
/** Two slabs are made one buffer up to here: beyond it the copy costs more than the second buffer of a write. */
const MAX_JOINED_BYTES = 2 * RUN_BYTES;

/** rtmp: chunks. flv-chunked: HTTP/1.1 chunks with FLV in them. flv-raw: FLV as it is. */
export type PlayerForm = 'rtmp' | 'flv-chunked' | 'flv-raw';

/** The connection that it is on. There are thousands: functions of its own for each player would be a part of what one costs. */
export interface PlayerHost {
  /** Bytes of its writes that the kernel has not taken: changes while a write makes progress. */
  pendingBytes(): number;
  /** It lagged so far that it goes on at a later key frame. */
  jumped(): void;
  /** It takes nothing: the connection is to be cut. */
  tooSlow(): void;
  /** It was written all of its `durationMs`: the connection is to end when the client has it. */
  playedOut(): void;
}

export interface PlayerOptions {
  readonly form: PlayerForm;
  readonly sink: Sink;
  /** Written before the first byte of media: an HTTP player's status line and headers. */
  readonly head?: Buffer;
  /** Which tracks its FLV header names, and so which it is sent; by what is there, where nothing is said. */
  readonly flvTracks?: FlvTrackRule;
  /** Milliseconds of media to play; 0: until the end. */
  readonly durationMs?: number;
  readonly host: PlayerHost;
  /** Called with the first media. */
  started?(): void;
}

/**
 * One player's place in a stream: a cursor into the ring's slabs. It has at most one write outstanding, since what a
 * socket was given cannot be taken back; the rest of what it lags stays in the ring, shared with the others.
 */
export class Player {
  readonly #sink: Sink;
  readonly #form: PlayerForm;
  readonly #durationMs: number;
  readonly #host: PlayerHost;
  /** What is of use until it has begun; null from then on. */
  #beginning: Pick<PlayerOptions, 'head' | 'flvTracks' | 'started'> | null;
  #ring: StreamRing | null = null;
  #cursor = 0;
  /** It begins, or begins anew after a jump: the headers in force go in front. */
  #needsHeaders = true;
  /** Of FLV: what its header names, and what it is sent of each slab. */
  #tracks: Tracks | null = null;
  #keep: FlvKeep = 'all';
  #waitsForKeyFrame = false;
  #paused = false;
  /** It was written all that it asked for. */
  #isPlayedOut = false;
  #firstTimestamp = 0;
  /** Of the outstanding write, when it was last looked at; null: there was none. */
  #write: WriteProgress | null = null;
  /** The slabs of the last write, and the bytes of its last one: read until the kernel has taken it. */
  #firstSlab = -1;
  #lastSlab = -1;
  #lastBytes = 0;
  /** Its place in the hub's list; the hub's alone. */
  index = -1;

  constructor({ sink, form, durationMs = 0, host, ...beginning }: PlayerOptions) {
    this.#sink = sink;
    this.#form = form;
    this.#durationMs = durationMs;
    this.#host = host;
    this.#beginning = beginning;
  }

  /** The number of the first slab that it still needs, or that its write still reads; one that is paused, or has all, needs none. */
  get needed(): number {
    if (this.#sink.writableLength > 0 && this.#firstSlab >= 0) return this.#firstSlab;
    return this.#paused || this.#waitsForKeyFrame || this.#isPlayedOut ? Number.MAX_SAFE_INTEGER : this.#cursor;
  }

  /** The write that the kernel has not taken whole: its last slab, its bytes, and since when it stands still. Null: there is none. */
  get outstanding(): { slab: number; bytes: number; sinceMs: number } | null {
    if (this.#sink.writableLength === 0 || this.#lastSlab < 0) return null;
    return { slab: this.#lastSlab, bytes: this.#lastBytes, sinceMs: this.#write?.sinceMs ?? Number.MAX_SAFE_INTEGER };
  }

  /** It leaves the stream, but not its connection: what it is writing is still read. */
  leave(): void {
    if (this.#sink.writableLength > 0 && this.#firstSlab >= 0) this.#ring?.lend(this.#firstSlab);
    this.#ring = null;
  }

  /** Cuts it, to have back the memory that its write holds. */
  giveUp(): void {
    this.#host.tooSlow();
  }

  join(ring: StreamRing): void {
    this.#ring = ring;
    this.#cursor = ring.join();
  }

  /** Frozen while paused; then it goes on at a key frame, if the stream has any. */
  pause(on: boolean): void {
    if (this.#paused === on) return;
    this.#paused = on;
    if (on || this.#ring === null) return;
    this.#waitsForKeyFrame = true;
    this.pump();
  }

  /** Writes what there is for it, one slab after the other, as long as the kernel takes them whole. */
  pump(): void {
    const ring = this.#ring;
    if (ring === null || this.#paused) return;
    while (!this.#isPlayedOut && this.#cursor < ring.next && this.#sink.writableLength === 0) {
      const isPlain = !this.#needsHeaders && !this.#waitsForKeyFrame && this.#cursor >= ring.oldest;
      const slab = isPlain ? ring.slabAt(this.#cursor) : this.#find(ring);
      if (slab === undefined) return;
      const last = this.#needsHeaders ? this.#begin(slab, ring) : this.#writeRun(slab, ring);
      this.#cursor = last.number + 1;
      if (this.#durationMs > 0) this.#checkDuration(last);
    }
  }

  /** Once a second: closes a player whose outstanding write stands still for `limitMs`. */
  watch(nowMs: number, limitMs: number): void {
    if (this.#sink.writableLength === 0) {
      this.#write = null;
      this.pump();
      return;
    }
    const { progress, stuck } = watchWrite(this.#write, this.#host.pendingBytes(), nowMs, limitMs);
    this.#write = progress;
    if (stuck) this.#host.tooSlow();
  }

  /** The slab of a player that begins, waits, or fell out of the ring; moves its cursor there. */
  #find(ring: StreamRing): Slab | undefined {
    if (this.#waitsForKeyFrame) {
      const start = ring.restartAfter(this.#cursor - 1);
      if (start === null) {
        this.#cursor = ring.next;
        return undefined;
      }
      this.#waitsForKeyFrame = false;
      this.#cursor = start;
      this.#needsHeaders = true;
    }
    const answer = answerLag(this.#cursor, ring.oldest, ring.restartAfter(this.#cursor));
    if (answer.go !== 'on') {
      this.#host.jumped();
      this.#needsHeaders = true;
      if (answer.go === 'wait') {
        this.#waitsForKeyFrame = true;
        this.#cursor = ring.next;
        return undefined;
      }
      this.#cursor = answer.cursor;
    }
    if (this.#beginning !== null && this.#form !== 'rtmp') {
      // Headers before the first frame are in front of it anyway; and its tracks must be known for the file's header.
      while (this.#cursor < ring.next && !ring.slabAt(this.#cursor)?.hasFrames) this.#cursor++;
      const rule = this.#beginning.flvTracks ?? GUESS_TRACKS;
      this.#tracks = namedTracks(rule, ring.tracks, ring.areTracksKnown);
      if (this.#tracks === null) return undefined;
      this.#keep = keptTracks(rule, this.#tracks);
    }
    return ring.slabAt(this.#cursor);
  }

  /** Writes a slab, and what small ones follow it; the answer is the last one written. */
  #writeRun(slab: Slab, ring: StreamRing): Slab {
    const body = this.#bodyOf(slab);
    const next = ring.slabAt(slab.number + 1);
    this.#firstSlab = slab.number;
    if (next === undefined || body.length >= RUN_BYTES || this.#durationMs > 0) {
      this.#note(slab, body);
      this.#sink.write(body);
      return slab;
    }
    const nextBody = this.#bodyOf(next);
    const isTooMuch = body.length + nextBody.length > MAX_JOINED_BYTES;
    if (isTooMuch || next.number + 1 < ring.next) return this.#writeCorked(slab, ring);
    // A slab ended for a key frame, which came with it: everybody gets both.
    const both = slab.joined(`${this.#form}-${this.#keep}`, body, nextBody);
    this.#note(next, both);
    this.#sink.write(both);
    return next;
  }

  #writeCorked(slab: Slab, ring: StreamRing): Slab {
    let last = slab;
    this.#sink.cork();
    for (let bytes = 0; ; ) {
      const part = this.#bodyOf(last);
      bytes += part.length;
      this.#note(last, part);
      this.#sink.write(part);
      const next = bytes < RUN_BYTES ? ring.slabAt(last.number + 1) : undefined;
      if (next === undefined) break;
      last = next;
    }
    this.#sink.uncork();
    return last;
  }

  #note(slab: Slab, body: Buffer): void {
    this.#lastSlab = slab.number;
    this.#lastBytes = body.length;
  }

  #begin(slab: Slab, ring: StreamRing): Slab {
    const sink = this.#sink;
    const beginning = this.#beginning;
    sink.cork();
    if (beginning?.head) sink.write(beginning.head);
    const headers = this.#headersOf(slab, ring);
    if (headers.length > 0) sink.write(headers);
    const body = this.#bodyOf(slab);
    this.#firstSlab = slab.number;
    this.#note(slab, body);
    sink.write(body);
    sink.uncork();
    if (beginning !== null) {
      this.#firstTimestamp = slab.firstTimestamp;
      beginning.started?.();
      this.#beginning = null;
    }
    this.#needsHeaders = false;
    return slab;
  }

  #headersOf(slab: Slab, ring: StreamRing): Buffer {
    if (this.#form === 'rtmp') return slab.rtmpStart();
    const run =
      this.#beginning === null ? slab.flvHeaders(this.#keep) : slab.flvStart(this.#tracks ?? ring.tracks, this.#keep);
    return this.#form === 'flv-raw' ? run.raw : run.chunk;
  }

  #bodyOf(slab: Slab): Buffer {
    if (this.#form === 'rtmp') return slab.rtmp;
    const run = slab.flv(this.#keep);
    return this.#form === 'flv-raw' ? run.raw : run.chunk;
  }

  #checkDuration(slab: Slab): void {
    if (slab.lastTimestamp - this.#firstTimestamp < this.#durationMs) return;
    this.#isPlayedOut = true;
    this.#host.playedOut();
  }
}
