import type { Log, Timers } from './ports.js';

/** Refused clients are told of at this pace: an attack is a line in ten seconds. */
const TELL_EVERY_MS = 10_000;

/** Counts refused clients by reason, and tells of them at intervals with an address for each reason. */
export class RefusalTally {
  readonly totals = new Map<string, number>();
  readonly #deps: { readonly timers: Timers; readonly log: Log };
  readonly #sinceTold = new Map<string, { times: number; example: string }>();
  #cancel: (() => void) | null = null;

  constructor(deps: { readonly timers: Timers; readonly log: Log }) {
    this.#deps = deps;
  }

  count(reason: string, address: string): void {
    this.totals.set(reason, (this.totals.get(reason) ?? 0) + 1);
    const known = this.#sinceTold.get(reason);
    if (known === undefined) this.#sinceTold.set(reason, { times: 1, example: address });
    else known.times += 1;
    this.#cancel ??= this.#deps.timers.after(TELL_EVERY_MS, () => this.tell());
  }

  /** Now, if there is anything to tell. */
  tell(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#sinceTold.size === 0) return;
    this.#deps.log.warn({ refused: Object.fromEntries(this.#sinceTold) }, 'clients were refused');
    this.#sinceTold.clear();
  }
}
