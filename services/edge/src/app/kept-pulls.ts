import type { Timers } from './ports.js';

/**
 * A stream that nobody plays any more is pulled so long still: a page that is loaded again is back within it, and finds its
 * picture. SRS stops at once. Of so many streams at a time; who goes through more of them pays with pulls.
 */
export const PULL_GRACE_MS = 3000;
export const MAX_KEPT_PULLS = 100;

/** Pulls that nobody needs now, each until its time is over or somebody needs it again. */
export class KeptPulls<Entry> {
  readonly #timers: Timers;
  readonly #cancels = new Map<Entry, () => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Calls `end` later, unless `release` comes first. False: there are too many, nothing is kept. */
  keep(entry: Entry, end: () => void): boolean {
    if (this.#cancels.has(entry)) return true;
    if (this.#cancels.size >= MAX_KEPT_PULLS) return false;
    const cancel = this.#timers.after(PULL_GRACE_MS, () => {
      this.#cancels.delete(entry);
      end();
    });
    this.#cancels.set(entry, cancel);
    return true;
  }

  /** Somebody needs it, or it is over. */
  release(entry: Entry): void {
    this.#cancels.get(entry)?.();
    this.#cancels.delete(entry);
  }
}
