import type { Timers } from './ports.js';

/** Starting an edge takes a core for some tenths of a second, twice: the test of its conf, and itself. */
const STARTS_PER_CORE = 2;
/** Who is not ready by then waits for something else than the processor, and does not hold up the others. */
export const MAX_HOLD_MS = 3000;

/** A place in the queue to start. */
export interface StartTicket {
  /**
   * Resolves when it may start, with what is to be called when it has, or has failed (more than once does no harm).
   * Null: it was called off.
   */
  readonly entered: Promise<(() => void) | null>;
  /** It is not to start any more; one that has entered is not concerned. */
  callOff(): void;
}

interface Waiting {
  enter(): void;
}

/**
 * Lets so many edges start at a time. A host that starts sixty at once starves them all: each one's time to become
 * ready is over before it had its share of the processor, and they are killed and started again for ever.
 */
export class StartGate {
  readonly #timers: Timers;
  #free: number;
  /** Who must wait, in the order of coming; the urgent ones first. */
  #urgent: Waiting[] = [];
  #others: Waiting[] = [];

  constructor(cores: number, timers: Timers) {
    this.#free = Math.max(1, cores) * STARTS_PER_CORE;
    this.#timers = timers;
  }

  /** `urgent`: others need it, or it served already. */
  enter(o: { urgent: boolean }): StartTicket {
    let settle: (leave: (() => void) | null) => void = () => undefined;
    const entered = new Promise<(() => void) | null>((resolve) => {
      settle = resolve;
    });
    const waiting: Waiting = { enter: () => settle(this.#hold()) };
    if (this.#free > 0) {
      this.#free -= 1;
      waiting.enter();
    } else (o.urgent ? this.#urgent : this.#others).push(waiting);
    const callOff = () => {
      this.#urgent = this.#urgent.filter((other) => other !== waiting);
      this.#others = this.#others.filter((other) => other !== waiting);
      // Without effect on one that has entered.
      settle(null);
    };
    return { entered, callOff };
  }

  #hold(): () => void {
    let isHeld = true;
    const leave = () => {
      if (!isHeld) return;
      isHeld = false;
      cancel();
      this.#leave();
    };
    const cancel = this.#timers.after(MAX_HOLD_MS, leave);
    return leave;
  }

  #leave(): void {
    const next = this.#urgent.shift() ?? this.#others.shift();
    if (next === undefined) this.#free += 1;
    else next.enter();
  }
}
