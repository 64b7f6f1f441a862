import type { Logger } from './logger.js';

interface Part {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
  readonly deadlineMs: number;
}

/** Long enough for a flush over a slow network, short enough for a person at Ctrl-C. */
const DEFAULT_STOP_DEADLINE_MS = 5_000;

/**
 * What a process started, stopped in reverse order. Each part has a deadline: one that hangs or throws does not keep
 * the others from stopping. Parts added while it stops are stopped too.
 */
export class Lifecycle {
  readonly #parts: Part[] = [];
  readonly #logger: Logger | undefined;
  #stopping: Promise<void> | undefined;

  constructor(logger?: Logger) {
    this.#logger = logger;
  }

  add(name: string, stop: () => Promise<void> | void, deadlineMs = DEFAULT_STOP_DEADLINE_MS): void {
    this.#parts.push({ name, stop, deadlineMs });
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
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
