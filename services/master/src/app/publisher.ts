import type { Clock, Logger } from '@dolphin/runtime';
import { PUBLISH_EVERY_MS, PUBLISH_GAP_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';
import type { Announcer, ViewSink } from './ports.js';
import { WakeUp } from './wake-up.js';

/** Tells the world how the farm is, every second and after each change of the log, while this master leads. */
export class Publisher {
  readonly #model: FarmModel;
  readonly #holds: () => boolean;
  readonly #announcer: Announcer;
  readonly #sinks: readonly ViewSink[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #busy = new Set<ViewSink>();

  constructor(o: {
    model: FarmModel;
    /** Asked before each effect: the lease may have ended a moment ago. */
    holds: () => boolean;
    announcer: Announcer;
    sinks: readonly ViewSink[];
    logger: Logger;
    clock: Clock;
  }) {
    this.#model = o.model;
    this.#holds = o.holds;
    this.#announcer = o.announcer;
    this.#sinks = o.sinks;
    this.#logger = o.logger;
    this.#clock = o.clock;
  }

  /** Until `signal` aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const wakeUp = new WakeUp();
    const off = this.#model.onFold(() => wakeUp.ring());
    while (!signal.aborted) {
      if (this.#holds()) this.#publish();
      await wakeUp.wait(PUBLISH_EVERY_MS - PUBLISH_GAP_MS, signal);
      await this.#clock.sleep(PUBLISH_GAP_MS, signal);
    }
    off();
  }

  #publish(): void {
    const view = this.#model.view();
    this.#announcer.announce(view);
    for (const sink of this.#sinks) {
      if (this.#busy.has(sink)) continue;
      this.#busy.add(sink);
      void sink
        .write(view)
        .catch((error: unknown) => this.#logger.debug({ err: error }, 'a view was not written'))
        .finally(() => this.#busy.delete(sink));
    }
  }
}
