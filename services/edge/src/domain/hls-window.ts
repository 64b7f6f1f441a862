import { ByteAccount } from '@dolphin/media';
import type { Segment } from './hls-segmenter.js';

/** A segment in its place; numbers only rise, over publishers, too. */
export interface NumberedSegment extends Segment {
  readonly number: number;
}

/** Bytes of one stream's segments: a minute at 8 Mbit/s. A stream of more bits has a shorter window. */
export const STREAM_SEGMENT_BYTES = 64 * 1024 * 1024;
/** Segments that are out of the playlist, and kept for players that read it before. */
const KEPT_BEHIND = 3;

/** The newest segments of a stream: those in its playlist, and some behind it. */
export class HlsWindow {
  #windowMs: number;
  readonly #account: ByteAccount;
  #segments: NumberedSegment[] = [];
  readonly #firstEver: number;
  #next: number;
  /** The number of the playlist's first segment. */
  #first: number;
  #discontinuitiesBefore: number;
  #targetMs: number;
  #longestMs = 0;

  constructor(o: {
    windowMs: number;
    targetMs: number;
    firstNumber: number;
    firstDiscontinuity: number;
    total: ByteAccount;
  }) {
    this.#firstEver = o.firstNumber;
    this.#next = o.firstNumber;
    this.#first = o.firstNumber;
    this.#discontinuitiesBefore = o.firstDiscontinuity;
    this.#windowMs = o.windowMs;
    this.#targetMs = o.targetMs;
    this.#account = new ByteAccount(STREAM_SEGMENT_BYTES, o.total);
  }

  get bytes(): number {
    return this.#account.bytes;
  }
  /** What the playlist has; never empty once a segment came, unless the window was cleared. */
  get listed(): readonly NumberedSegment[] {
    return this.#segments.filter(({ number }) => number >= this.#first);
  }
  /** Marks of discontinuity that are out of the playlist, from `firstDiscontinuity` on. */
  get discontinuitiesBefore(): number {
    return this.#discontinuitiesBefore;
  }
  /** What the playlist promises of every segment's length, as RFC 8216 rounds it; it never falls. */
  get targetSeconds(): number {
    return Math.max(Math.ceil(this.#targetMs / 1000), Math.round(this.#longestMs / 1000));
  }

  useLengths({ windowMs, targetMs }: { windowMs: number; targetMs: number }): void {
    this.#windowMs = windowMs;
    this.#targetMs = Math.max(this.#targetMs, targetMs);
  }

  find(number: number): NumberedSegment | undefined {
    return this.#segments[number - (this.#segments[0]?.number ?? 0)];
  }

  add(segment: Segment): void {
    // As by SRS: what a server before this one gave out is not what the first one follows.
    const discontinuity = segment.discontinuity || this.#next === this.#firstEver;
    this.#segments.push({ ...segment, discontinuity, number: this.#next++ });
    this.#account.add(segment.bytes.length);
    this.#longestMs = Math.max(this.#longestMs, segment.durationMs);
    this.#list();
    while (this.#segments.length > 1 && this.#isTooMuch()) this.#drop();
  }

  /** Gives its memory back; numbers go on from here. */
  clear(): void {
    while (this.dropOldest());
  }

  /** For the process's memory. False: it has none. */
  dropOldest(): boolean {
    if (this.#segments.length === 0) return false;
    this.#drop();
    return true;
  }

  #isTooMuch(): boolean {
    return this.bytes > STREAM_SEGMENT_BYTES || (this.#segments[0]?.number ?? 0) < this.#first - KEPT_BEHIND;
  }

  /** The playlist begins with the first segment that is not a whole window old. */
  #list(): void {
    let newerMs = 0;
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const segment = this.#segments[i] as NumberedSegment;
      if (newerMs >= this.#windowMs) {
        this.#listFrom(segment.number + 1);
        return;
      }
      newerMs += segment.durationMs;
    }
  }

  #listFrom(number: number): void {
    for (; this.#first < number; this.#first++) {
      if (this.find(this.#first)?.discontinuity) this.#discontinuitiesBefore++;
    }
  }

  #drop(): void {
    const first = this.#segments[0];
    if (first === undefined) return;
    this.#listFrom(first.number + 1);
    this.#segments.shift();
    this.#account.add(-first.bytes.length);
  }
}
