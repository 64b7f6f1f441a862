import type { Clock } from './clock.js';
import type { Logger } from './logger.js';

/** A kind that goes on is spoken of once in so many ms. */
export const COMPLAINT_EVERY_MS = 30_000;
/** Kinds are few and named by us, but a kind may hold a host's name. */
const MAX_KINDS = 1_000;

/** Counts what was wrong with others' input, and speaks of each kind at intervals: noise must not fill the disk. */
export class Complaints {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #kinds = new Map<string, { total: number; since: number; saidAt: number }>();

  constructor(logger: Logger, clock: Pick<Clock, 'monotonic'>) {
    this.#logger = logger;
    this.#clock = clock;
  }

  about(kind: string, details: Record<string, unknown> = {}): void {
    const now = this.#clock.monotonic();
    let known = this.#kinds.get(kind);
    if (!known) {
      if (this.#kinds.size >= MAX_KINDS) return;
      known = { total: 0, since: 0, saidAt: Number.NEGATIVE_INFINITY };
      this.#kinds.set(kind, known);
    }
    known.total++;
    known.since++;
    if (now - known.saidAt < COMPLAINT_EVERY_MS) return;
    this.#logger.warn({ ...details, times: known.since, total: known.total }, kind);
    known.saidAt = now;
    known.since = 0;
  }

  total(kind: string): number {
    return this.#kinds.get(kind)?.total ?? 0;
  }
}
