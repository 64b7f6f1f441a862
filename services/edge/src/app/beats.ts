import type { Timers } from './ports.js';

/**
 * Turns in one beat. Those of five hundred streams are thirty together, which is one wake-up for all of them; and with
 * twenty players each the loop is busy for milliseconds, not for the tenth of a second that all at once would take.
 */
export const BEAT_TURNS = 16;
/** A timer may be early by as long as the turn took that set it: it was still this beat's. */
const EARLY_PART = 1 / 4;

/**
 * Calls many, each once in its time. They share few turns of the loop, spread evenly over that time however close together
 * they began: a back source that is started again has all its pulls at the same moment.
 */
export class Beats {
  readonly #timers: Timers;
  /** By their time. */
  readonly #circles = new Map<number, Circle>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Calls `fn` once in `everyMs`, until the answer is called; for the first time within one and a quarter of it. */
  every(everyMs: number, fn: () => void): () => void {
    const circle = this.#circles.get(everyMs) ?? this.#open(everyMs);
    const leave = circle.join(fn);
    return () => {
      leave();
      if (circle.isEmpty && this.#circles.get(everyMs) === circle) this.#circles.delete(everyMs);
    };
  }

  #open(everyMs: number): Circle {
    const circle = new Circle(everyMs, this.#timers);
    this.#circles.set(everyMs, circle);
    return circle;
  }
}

/** Those with the same time between their beats. */
class Circle {
  readonly #turns: readonly Turn[];

  constructor(everyMs: number, timers: Timers) {
    const beganMs = timers.now();
    this.#turns = Array.from(
      { length: BEAT_TURNS },
      (_, i) => new Turn(beganMs + (everyMs * i) / BEAT_TURNS, everyMs, timers),
    );
  }

  get isEmpty(): boolean {
    return this.#turns.every(({ count }) => count === 0);
  }

  join(fn: () => void): () => void {
    return this.#turns.reduce((least, turn) => (turn.count < least.count ? turn : least)).join(fn);
  }
}

interface Member {
  readonly fn: () => void;
  /** One that another has sent away is not called any more, in this beat either. */
  hasLeft: boolean;
}

/** Those that are called together. It has a timer while there is anybody. */
class Turn {
  readonly #beganMs: number;
  readonly #everyMs: number;
  readonly #timers: Timers;
  /** Another list with each change: what one of them does in a beat may bring others in, whose beat it is not. */
  #members: readonly Member[] = [];
  #cancel: (() => void) | null = null;

  constructor(beganMs: number, everyMs: number, timers: Timers) {
    this.#beganMs = beganMs;
    this.#everyMs = everyMs;
    this.#timers = timers;
  }

  get count(): number {
    return this.#members.length;
  }

  join(fn: () => void): () => void {
    const member = { fn, hasLeft: false };
    this.#members = [...this.#members, member];
    if (this.#cancel === null) this.#await();
    return () => {
      member.hasLeft = true;
      this.#members = this.#members.filter((each) => each !== member);
      if (this.#members.length > 0) return;
      this.#cancel?.();
      this.#cancel = null;
    };
  }

  /** Beats that a stalled process missed are left out. */
  #await(): void {
    const nowMs = this.#timers.now();
    const beats = Math.floor((nowMs - this.#beganMs) / this.#everyMs + EARLY_PART) + 1;
    this.#cancel = this.#timers.after(this.#beganMs + beats * this.#everyMs - nowMs, () => this.#beat());
  }

  #beat(): void {
    this.#await();
    for (const member of this.#members) if (!member.hasLeft) member.fn();
  }
}
