import type { LimitsState, PodLimits } from '@dolphin/protocol';
import { Admission, type AdmissionRefusal } from '../domain/admission.js';
import type { Log, Timers } from './ports.js';
import type { Sessions } from './sessions.js';

export interface LimitsStore {
  /** Null: none were set. */
  load(): PodLimits | null;
  save(limits: PodLimits): Promise<void>;
  remove(): Promise<void>;
}

export interface LimitsDeskDeps {
  readonly configured: PodLimits;
  readonly store: LimitsStore;
  readonly sessions: Pick<Sessions, 'count' | 'countOf'>;
  readonly timers: Timers;
  readonly log: Log;
}

/** The limits in force: those set over the control API, or else the configuration's. */
export class LimitsDesk {
  readonly #deps: LimitsDeskDeps;
  readonly #admission: Admission;
  #from: LimitsState['from'];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: LimitsDeskDeps) {
    this.#deps = deps;
    const set = deps.store.load();
    this.#from = set === null ? 'configuration' : 'file';
    this.#admission = new Admission(set ?? deps.configured);
    if (set !== null) deps.log.info({ limits: set }, "limits set over the control API hold, not the configuration's");
  }

  get state(): LimitsState {
    return { from: this.#from, limits: this.#admission.limits };
  }

  /** What the limits leave of the clients that an edge admits. */
  clientsAt(admits: number): number {
    return Math.min(admits, this.#admission.limits.clientsPerEdge ?? admits);
  }

  allows(address: string): boolean {
    return this.#admission.allows(address);
  }

  /** Null: a client of this address may come in. */
  refusal(address: string): AdmissionRefusal | null {
    const { sessions, timers } = this.#deps;
    const present = { clients: sessions.count, ofAddress: sessions.countOf(address) };
    return this.#admission.refusal(address, timers.monotonic(), present);
  }

  /** Written down first, or they would be gone with the pod. Rejects when that fails: nothing has changed then. */
  set(limits: PodLimits): Promise<LimitsState> {
    return this.#change(() => this.#deps.store.save(limits), 'file', limits);
  }

  /** The configuration's hold again. */
  reset(): Promise<LimitsState> {
    return this.#change(() => this.#deps.store.remove(), 'configuration', this.#deps.configured);
  }

  #change(store: () => Promise<void>, from: LimitsState['from'], limits: PodLimits): Promise<LimitsState> {
    // One after the other: the file and what holds must be of the same asking.
    const changed = this.#turn.then(async () => {
      await store();
      this.#from = from;
      this.#admission.change(limits);
      this.#deps.log.info({ from, limits }, 'the limits are changed');
      return this.state;
    });
    this.#turn = changed.catch(() => undefined);
    return changed;
  }
}
