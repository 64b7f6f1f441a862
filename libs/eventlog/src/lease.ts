import { randomUUID } from 'node:crypto';
import type { LeaseValue } from '@dolphin/protocol';
import { type Clock, type Logger, silentLogger, systemClock } from '@dolphin/runtime';
import {
  actsUntil,
  afterRenewal,
  type Grip,
  type LeaseTerms,
  mayAct,
  pollDelayMs,
  type RenewalOutcome,
  renewalDelayMs,
} from './lease-rules.js';

export type GuardedWrite =
  | { outcome: 'stored'; revision: number }
  | { outcome: 'refused' }
  | { outcome: 'unknown'; why: string };

/** Where the lease is kept: one key with compare-and-swap and an age limit. Nothing here throws but `read`. */
export interface LeaseBackend {
  readonly terms: LeaseTerms;
  create(value: LeaseValue): Promise<GuardedWrite>;
  update(value: LeaseValue, revision: number): Promise<GuardedWrite>;
  read(): Promise<Held | null>;
  remove(revision: number): Promise<void>;
}

export interface LeaseOptions {
  /** The master's id. */
  holder: string;
  backend: LeaseBackend;
  logger?: Logger;
  clock?: Clock;
  random?: () => number;
}

/** The time from getting the lease to losing it. It renews itself. */
export interface Tenure {
  /** Whether acting as leader is safe at this instant. Ask before each effect, also right after an await. */
  holds(): boolean;
  /** Aborts when the tenure is over, with the reason. */
  readonly signal: AbortSignal;
  /** Gives the lease back, so that another need not wait for its end. Idempotent; never throws. */
  release(): Promise<void>;
}

/** A candidate for leadership. The rules are in lease-rules.ts; this asks, waits and counts time. */
export class Lease {
  readonly #options: Required<LeaseOptions>;

  constructor(options: LeaseOptions) {
    this.#options = { logger: silentLogger(), clock: systemClock, random: Math.random, ...options };
  }

  /**
   * Waits until the lease is ours; null when `signal` aborts first. Never throws. `onRival` is told when somebody else
   * renews the lease meanwhile: a dead holder's only runs out.
   */
  async acquire(signal: AbortSignal, onRival?: (holder: string) => void): Promise<Tenure | null> {
    const { backend, clock, holder, random, logger } = this.#options;
    const value: LeaseValue = { holder, tenure: randomUUID() };
    let seen: Held | null = null;
    while (!signal.aborted) {
      const { grip, held } = await this.#try(value);
      const isRenewed = held !== null && held.value.tenure === seen?.value.tenure && held.revision > seen.revision;
      if (isRenewed) onRival?.(held.value.holder);
      seen = held ?? seen;
      if (grip && signal.aborted) await backend.remove(grip.revision);
      if (signal.aborted) return null;
      if (grip && mayAct(grip, backend.terms, clock.monotonic())) {
        logger.info({ holder, revision: grip.revision }, 'got the lease');
        return new HeldTenure(this.#options, value, grip);
      }
      await clock.sleep(pollDelayMs(backend.terms, random), signal);
    }
    return null;
  }

  /** A create whose answer was lost is found again by its tenure id; only an update that is confirmed counts. */
  async #try(value: LeaseValue): Promise<{ grip: Grip | null; held: Held | null }> {
    const { backend, clock, logger } = this.#options;
    const sentAt = clock.monotonic();
    const created = await backend.create(value);
    if (created.outcome === 'stored') return got({ revision: created.revision, confirmedAt: sentAt });
    try {
      const found = await backend.read();
      if (found?.value.tenure !== value.tenure) return { grip: null, held: found };
      const updateSentAt = clock.monotonic();
      const updated = await backend.update(value, found.revision);
      return got(updated.outcome === 'stored' ? { revision: updated.revision, confirmedAt: updateSentAt } : null);
    } catch (error) {
      logger.debug({ err: error }, 'the lease cannot be read');
      return got(null);
    }
  }
}

interface Held {
  readonly value: LeaseValue;
  readonly revision: number;
}

function got(grip: Grip | null): { grip: Grip | null; held: null } {
  return { grip, held: null };
}

class HeldTenure implements Tenure {
  readonly #options: Required<LeaseOptions>;
  readonly #value: LeaseValue;
  readonly #end = new AbortController();
  readonly #renewing: Promise<void>;
  #grip: Grip | null;

  constructor(options: Required<LeaseOptions>, value: LeaseValue, grip: Grip) {
    this.#options = options;
    this.#value = value;
    this.#grip = grip;
    this.#renewing = this.#renew();
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  holds(): boolean {
    const { backend, clock } = this.#options;
    return !this.#end.signal.aborted && mayAct(this.#grip, backend.terms, clock.monotonic());
  }

  async release(): Promise<void> {
    this.#finish('released');
    await this.#renewing;
  }

  async #renew(): Promise<void> {
    const { backend, clock } = this.#options;
    const { signal } = this.#end;
    const overdue = new AbortController();
    void this.#endInTime(overdue.signal);
    let unknown = false;
    while (!signal.aborted && this.#grip) {
      await clock.sleep(renewalDelayMs(this.#grip, backend.terms, unknown, clock.monotonic()), signal);
      if (signal.aborted) break;
      const result = await this.#renewOnce(this.#grip);
      unknown = result.outcome === 'unknown';
      if (unknown)
        this.#options.logger.warn({ why: 'why' in result ? result.why : '' }, 'the lease may not be renewed');
      const next = afterRenewal(this.#grip, result);
      this.#grip = next;
      if (result.outcome === 'lost') this.#finish(result.why);
    }
    overdue.abort();
    // Renewed too late: nobody acts on it any more, and the others need not wait for its end.
    if (this.#grip) await backend.remove(this.#grip.revision);
    this.#grip = null;
  }

  /** An answer may hang beyond the end of the tenure: this does not wait for it. */
  async #endInTime(stop: AbortSignal): Promise<void> {
    const { backend, clock } = this.#options;
    while (!stop.aborted && !this.#end.signal.aborted && this.#grip) {
      const leftMs = actsUntil(this.#grip, backend.terms) - clock.monotonic();
      if (leftMs <= 0) return this.#finish('not renewed in time');
      await clock.sleep(leftMs, stop);
    }
  }

  async #renewOnce(grip: Grip): Promise<RenewalOutcome> {
    const { backend, clock } = this.#options;
    const sentAt = clock.monotonic();
    const updated = await backend.update(this.#value, grip.revision);
    if (updated.outcome === 'stored') return { outcome: 'renewed', revision: updated.revision, sentAt };
    if (updated.outcome === 'unknown') return updated;
    // Refused: an earlier renewal without an answer may have been stored, and its revision is the one to update.
    try {
      const found = await backend.read();
      if (found === null) return { outcome: 'lost', why: 'it expired' };
      if (found.value.tenure !== this.#value.tenure) return { outcome: 'lost', why: `${found.value.holder} has it` };
      const againSentAt = clock.monotonic();
      const again = await backend.update(this.#value, found.revision);
      if (again.outcome === 'stored') return { outcome: 'renewed', revision: again.revision, sentAt: againSentAt };
      return { outcome: 'unknown', why: again.outcome === 'unknown' ? again.why : 'its revision moved' };
    } catch (error) {
      return { outcome: 'unknown', why: error instanceof Error ? error.message : String(error) };
    }
  }

  #finish(why: string): void {
    if (this.#end.signal.aborted) return;
    if (why !== 'released') this.#options.logger.warn({ why }, 'lost the lease');
    this.#end.abort(why);
  }
}
