import { type Heartbeat, type HostStats, subjectsOf } from '@dolphin/protocol';
import type { Clock } from '@dolphin/runtime';
import type { Addressee, Standing } from '../domain/command-admission.js';
import { HEARTBEAT_GAP_MS, HEARTBEAT_MS, STATS_MS } from './bounds.js';
import { Nap } from './nap.js';
import type { PodKeeper } from './pod-keeper.js';
import type { Bus, HostFigures } from './ports.js';

export interface HeraldDeps {
  readonly bus: () => Pick<Bus, 'publish' | 'connected'> | null;
  readonly keeper: Pick<PodKeeper, 'state' | 'look'>;
  readonly figures: HostFigures;
  readonly farm: string;
  readonly address: string;
  /** Null: not joined, nothing to say. */
  readonly me: () => Addressee | null;
  readonly standing: () => Standing;
  readonly upTo: () => number;
  readonly clock: Clock;
}

/** Says on the bus how the host is: a heartbeat each second and on change, its figures every two. */
export class Herald {
  readonly #deps: HeraldDeps;
  readonly #nap = new Nap();
  #changed = false;

  constructor(deps: HeraldDeps) {
    this.#deps = deps;
  }

  /** Something changed: the next heartbeat comes at once. */
  pulse(): void {
    this.#changed = true;
    this.#nap.wake();
  }

  heartbeat(): Heartbeat | null {
    const { me, keeper, address, standing, upTo, clock } = this.#deps;
    const is = me();
    if (is === null) return null;
    const at = new Date(clock.now()).toISOString();
    const { farmId, host, epoch } = is;
    const { readOnly, isLeaving } = standing();
    return {
      ...{ farmId, host, epoch, at, address, upTo: upTo(), pod: keeper.state },
      ...(readOnly && { readOnly: { code: readOnly.code, message: readOnly.message } }),
      ...(isLeaving && { leaving: true }),
    };
  }

  async runHeartbeats(signal: AbortSignal): Promise<void> {
    const { bus, clock, farm, keeper } = this.#deps;
    while (!signal.aborted) {
      if (this.#changed) await keeper.look();
      this.#changed = false;
      const heartbeat = this.heartbeat();
      if (heartbeat !== null) bus()?.publish(subjectsOf(farm).heartbeat(heartbeat.host), heartbeat);
      await clock.sleep(HEARTBEAT_GAP_MS, signal);
      await this.#nap.sleep(clock, HEARTBEAT_MS - HEARTBEAT_GAP_MS, signal);
    }
  }

  async runStats(signal: AbortSignal): Promise<void> {
    const { bus, clock, farm } = this.#deps;
    while (!signal.aborted) {
      const stats = await this.#stats();
      if (stats !== null) bus()?.publish(subjectsOf(farm).stats(stats.host), stats);
      await clock.sleep(STATS_MS, signal);
    }
  }

  async #stats(): Promise<HostStats | null> {
    const { me, keeper, figures, clock } = this.#deps;
    const is = me();
    const own = await figures.read();
    if (is === null) return null;
    const edges = (keeper.state?.edges ?? []).map(({ role, slot, clients, kbitPerS, cpuPercent, rssBytes }) => ({
      role,
      slot,
      clients,
      kbitPerS,
      cpuPercent,
      rssBytes,
    }));
    return { ...is, at: new Date(clock.now()).toISOString(), ...own, edges };
  }
}
