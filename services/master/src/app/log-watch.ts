import { DolphinError } from '@dolphin/protocol';
import type { Clock, Logger } from '@dolphin/runtime';
import { farmProblem } from '../domain/farm-identity.js';
import { LOG_WATCH_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';
import type { FarmFile, Links } from './ports.js';

/** Holds the log that is there against the farm that this master knows, and remembers the farm on disk. */
export class LogWatch {
  readonly #model: FarmModel;
  readonly #links: Links;
  readonly #file: FarmFile;
  readonly #wayBack: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #lastSequence: number | null = null;
  #known: { farm: string; farmId: string } | null = null;

  constructor(o: {
    model: FarmModel;
    links: Links;
    file: FarmFile;
    /** What an operator can do when the log is gone. */
    wayBack: string;
    known: { farm: string; farmId: string } | null;
    logger: Logger;
    clock: Clock;
  }) {
    this.#model = o.model;
    this.#links = o.links;
    this.#file = o.file;
    this.#wayBack = o.wayBack;
    this.#known = o.known;
    this.#logger = o.logger;
    this.#clock = o.clock;
  }

  get known(): { farm: string; farmId: string } | null {
    return this.#known;
  }

  /** Of the log when it was looked at last; null: it could not be. */
  get lastSequence(): number | null {
    return this.#model.connected ? this.#lastSequence : null;
  }

  /** Until `signal` aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#model.connected) await this.look();
      } catch (error) {
        this.#lastSequence = null;
        this.#logger.debug({ err: error }, 'the log cannot be looked at');
      }
      await this.#clock.sleep(LOG_WATCH_MS, signal);
    }
  }

  /** Throws DolphinError while the bus is away. */
  async look(): Promise<void> {
    const info = await this.#links.log.info();
    this.#lastSequence = info?.lastSequence ?? null;
    const { state } = this.#model;
    const isCaughtUp = info !== null && this.#model.projection.applied >= info.lastSequence;
    const problem = farmProblem({ known: this.#known, farm: state.farm, hasStream: info !== null, isCaughtUp });
    if (problem === 'unclear') return;
    if (problem) {
      const details = { ...problem.details, why: `${problem.why}; ${this.#wayBack}` };
      const { code, message } = new DolphinError(problem.code, details);
      this.#model.setProblem({ code, message });
      return;
    }
    if (state.farm && !this.#known) await this.remember(state.farm);
    this.#model.setProblem(null);
    if (this.#model.role === 'starting') this.#model.setRole('follower');
  }

  async remember(farm: { farm: string; farmId: string }): Promise<void> {
    await this.#file.write(farm);
    this.#known = farm;
  }
}
