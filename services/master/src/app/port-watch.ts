import type { Clock } from '@dolphin/runtime';
import { hostsToDial } from '../domain/liveness-rules.js';
import { dialled, observedHost } from '../domain/observation.js';
import { DIAL_EVERY_MS, DIAL_TIMEOUT_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';
import type { Dialler } from './ports.js';

/** Dials the public port of hosts that fell silent: a host whose worker is dead may serve all the same. */
export class PortWatch {
  readonly #model: FarmModel;
  readonly #dialler: Dialler;
  readonly #clock: Clock;
  readonly #underWay = new Set<string>();
  readonly #dialledAt = new Map<string, number>();

  constructor(model: FarmModel, dialler: Dialler, clock: Clock) {
    this.#model = model;
    this.#dialler = dialler;
    this.#clock = clock;
  }

  /** Starts the dials that are due; their results come to the model. */
  look(): void {
    const now = this.#clock.monotonic();
    for (const { host, rtmp } of hostsToDial(this.#model.state, this.#model.observed)) {
      const seen = observedHost(this.#model.observed, host);
      const port = seen.pod?.rtmp[0] ?? rtmp[0];
      if (seen.address === null || port === undefined || this.#underWay.has(host)) continue;
      if (now - (this.#dialledAt.get(host) ?? Number.NEGATIVE_INFINITY) < DIAL_EVERY_MS) continue;
      this.#dialledAt.set(host, now);
      this.#underWay.add(host);
      void this.#dial(host, seen.address, port);
    }
  }

  async #dial(host: string, address: string, port: number): Promise<void> {
    const accepts = await this.#dialler.accepts(address, port, DIAL_TIMEOUT_MS);
    this.#underWay.delete(host);
    this.#model.observe((observed, now) => {
      // A heartbeat that came meanwhile says more than the dial.
      const isStillSilent = observedHost(observed, host).silentMs > 0;
      return isStillSilent ? dialled(observed, host, accepts, now) : observed;
    });
  }
}
