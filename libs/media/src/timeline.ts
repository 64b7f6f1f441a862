/** Larger steps than this, beyond the time that really passed, are no media time: SRS corrects from 250 ms on. */
const MAX_STEP_MS = 3000;
/** Steps back of one track up to here are held at its last time; larger ones set the clock anew. */
const MAX_HELD_STEP_MS = 250;
/** The step over a cut in the source's time, where the source has not shown its own yet. */
const DEFAULT_STEP_MS = 10;
/** Players take times for signed 32-bit numbers. From a minute before that, the next key frame begins at 0 again. */
const REBASE_FROM_MS = 2 ** 31 - 60_000;
/** No key frame came in time: any frame will do. */
const REBASE_AT_LATEST_MS = 2 ** 31 - 1_000;

export type Track = 'audio' | 'video';

interface TrackTime {
  last: number;
  step: number;
}

/**
 * off: times pass as they are (a back source: the stream edge corrects). zero: only counted from the first.
 * full: one clock, corrected.
 */
export type TimeJitter = 'full' | 'zero' | 'off';

/**
 * The one clock of a stream: 0 at the first frame of the first publisher, and it runs on over later ones. `full`
 * corrects what a player cannot bear: steps back, and jumps of over 3 s. All other differences stay as they are, of
 * both tracks alike, so that a slow stream keeps its pace and lips keep their sync.
 */
export class StreamTimeline {
  readonly #mode: TimeJitter;
  /** out = in + offset, in 32-bit arithmetic. Null: the next frame sets it. */
  #offset: number | null = null;
  #started = false;
  /** The newest time given out, of all tracks. */
  #last = 0;
  #lastAtMs = 0;
  /** Each track's own last time, and the last step to it; a field each, since a property by name costs as much as all the rest. */
  #audio: TrackTime | null = null;
  #video: TrackTime | null = null;

  constructor(mode: TimeJitter) {
    this.#mode = mode;
  }

  /** The time to give out for a sequence header: it does not move the clock. */
  header(timestamp: number): number {
    return this.#mode === 'off' ? timestamp >>> 0 : this.#last;
  }

  /** Another publisher, or another pull: its first frame follows the last one here. */
  republish(): void {
    this.#offset = null;
  }

  /**
   * The time to give out for a frame, uint32 milliseconds. `timestamp` is the source's, uint32; `nowMs` a monotonic
   * clock: a pause that really happened is no jump.
   */
  frame(track: Track, timestamp: number, isKeyFrame: boolean, nowMs: number): number {
    if (this.#mode === 'off') return this.#give(track, timestamp >>> 0, nowMs);
    if (this.#offset === null) this.#setOffset(timestamp, this.#started ? this.#last + this.#stepOf(track) : 0);
    this.#started = true;
    let out = (timestamp + (this.#offset ?? 0)) >>> 0;
    if (this.#mode === 'full') out = this.#corrected(track, timestamp, out, nowMs);
    // The other track began before the frame that is 0: times below that are no times.
    if (out > 2 ** 31 && this.#last < MAX_STEP_MS) out = 0;
    if (out >= REBASE_AT_LATEST_MS || (out >= REBASE_FROM_MS && isKeyFrame)) {
      this.#setOffset(timestamp, 0);
      this.#audio = null;
      this.#video = null;
      this.#last = 0;
      out = 0;
    }
    return this.#give(track, out, nowMs);
  }

  #corrected(track: Track, timestamp: number, out: number, nowMs: number): number {
    const own = this.#of(track);
    // Signed 32-bit difference: a step over the wrap of the source's counter is a small one.
    const fromLast = (out - this.#last) | 0;
    const passed = this.#lastAtMs === 0 ? 0 : Math.max(0, nowMs - this.#lastAtMs);
    const jumps = fromLast > MAX_STEP_MS + passed || fromLast < -MAX_STEP_MS;
    const back = own === null ? 0 : (own.last - out) | 0;
    if (!jumps && back <= 0) return out;
    if (!jumps && own !== null && back <= MAX_HELD_STEP_MS) return own.last;
    const next = this.#last + this.#stepOf(track);
    this.#setOffset(timestamp, next);
    return next;
  }

  #give(track: Track, out: number, nowMs: number): number {
    const own = this.#of(track);
    if (own === null) {
      const first = { last: out, step: 0 };
      if (track === 'audio') this.#audio = first;
      else this.#video = first;
    } else {
      const step = out - own.last;
      if (step > 0 && step <= 1000) own.step = step;
      own.last = out;
    }
    if (this.#mode === 'off' || out > this.#last) this.#last = out;
    this.#lastAtMs = nowMs;
    return out;
  }

  #stepOf(track: Track): number {
    return this.#of(track)?.step || DEFAULT_STEP_MS;
  }

  #of(track: Track): TrackTime | null {
    return track === 'audio' ? this.#audio : this.#video;
  }

  #setOffset(timestamp: number, out: number): void {
    this.#offset = (out - timestamp) | 0;
  }
}
