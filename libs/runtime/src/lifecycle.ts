import type { Logger } from './logger.js';

interface Part {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
  readonly deadlineMs: number;
}

/** How a part is started and stopped; `start` should give up when `signal` aborts. */
export interface PartPlan<T> {
  readonly start: (signal: AbortSignal) => Promise<T> | T;
  readonly stop: (started: T) => Promise<void> | void;
  readonly startDeadlineMs?: number;
  readonly stopDeadlineMs?: number;
}

/** What is local starts within this; who waits for others has a deadline of its own. */
const DEFAULT_START_DEADLINE_MS = 10_000;
/** Long enough for a flush over a slow network, short enough for a person at Ctrl-C. */
const DEFAULT_STOP_DEADLINE_MS = 5_000;

/**
 * What a process started, in order, and stopped in reverse. Each part has a deadline: one that hangs or throws does not keep
 * the others from stopping. Parts added while it stops are stopped too.
 */
export class Lifecycle {
  readonly #parts: Part[] = [];
  readonly #logger: Logger | undefined;
  readonly #told = new AbortController();
  #stopping: Promise<void> | undefined;

  constructor(logger?: Logger) {
    this.#logger = logger;
  }

  add(name: string, stop: () => Promise<void> | void, deadlineMs = DEFAULT_STOP_DEADLINE_MS): void {
    this.#parts.push({ name, stop, deadlineMs });
  }

  /**
   * Starts a part; the next one is started by the caller when this has resolved. When it fails, is late, or all is to stop
   * meanwhile, what was started before is stopped, and this rejects; a part that starts late after all is stopped then.
   */
  async start<T>(name: string, plan: PartPlan<T>): Promise<T> {
    const { startDeadlineMs = DEFAULT_START_DEADLINE_MS, stopDeadlineMs } = plan;
    if (this.stopping) throw new Error(`${name} was not started: the process stops`);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), startDeadlineMs);
    const signal = AbortSignal.any([this.#told.signal, late.signal]);
    const starting = (async () => plan.start(signal))();
    const over = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        const why = late.signal.aborted
          ? `did not start within ${startDeadlineMs} ms`
          : 'was not started: the process stops';
        reject(new Error(`${name} ${why}`));
      });
    });
    try {
      const started = await Promise.race([starting, over]);
      this.add(name, () => plan.stop(started), stopDeadlineMs);
      return started;
    } catch (error) {
      // Its own failure was told, or comes after the deadline's.
      starting.then(
        (started) => this.#stopLate(name, () => plan.stop(started)),
        () => undefined,
      );
      await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    this.#told.abort();
    return this.#stopping;
  }

  async #stopLate(name: string, stop: () => Promise<void> | void): Promise<void> {
    try {
      await stop();
    } catch (error) {
      this.#logger?.warn({ part: name, err: error }, 'failed to stop');
    }
  }

  async #stopAll(): Promise<void> {
    for (let part = this.#parts.pop(); part; part = this.#parts.pop()) {
      const { name, deadlineMs } = part;
      let timer: NodeJS.Timeout | undefined;
      const overrun = new Promise<'overrun'>((resolve) => {
        timer = setTimeout(() => resolve('overrun'), deadlineMs);
      });
      try {
        const stopped = Promise.resolve(part.stop()).then(() => 'stopped' as const);
        // A failure after the deadline must not become an unhandled rejection.
        stopped.catch(() => undefined);
        const result = await Promise.race([stopped, overrun]);
        if (result === 'overrun') this.#logger?.warn({ part: name, deadlineMs }, 'did not stop within its deadline');
      } catch (error) {
        this.#logger?.warn({ part: name, err: error }, 'failed to stop');
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
