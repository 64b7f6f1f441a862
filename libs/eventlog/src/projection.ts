/** Most callers that may wait at once: a bug that waits in a loop is found before it eats the memory. */
const MAX_WAITERS = 10_000;

interface Waiter {
  readonly sequence: number;
  readonly resolve: (applied: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

/** How far a fold has applied the log, and waits for it to get somewhere. */
export class Projection {
  #applied = 0;
  readonly #waiters = new Set<Waiter>();

  /** The last sequence applied; 0: nothing yet. */
  get applied(): number {
    return this.#applied;
  }

  /** After the item of `sequence` was folded. */
  advance(sequence: number): void {
    this.#applied = sequence;
    for (const waiter of this.#waiters) if (waiter.sequence <= sequence) this.#settle(waiter, true);
  }

  /** The history was replaced: the fold starts again. Waits go on: their entry may come in the new history. */
  rewind(): void {
    this.#applied = 0;
  }

  /** True when `sequence` is applied, false at the deadline. */
  whenApplied(sequence: number, deadlineMs: number): Promise<boolean> {
    if (this.#applied >= sequence) return Promise.resolve(true);
    if (this.#waiters.size >= MAX_WAITERS) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(waiter, false), deadlineMs);
      const waiter: Waiter = { sequence, resolve, timer };
      this.#waiters.add(waiter);
    });
  }

  #settle(waiter: Waiter, applied: boolean): void {
    this.#waiters.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.resolve(applied);
  }
}
