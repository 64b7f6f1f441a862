import type { LimitsState, PodLimits } from '@dolphin/protocol';
import { Admission, type AdmissionRefusal } from '../domain/admission.js';
import { addressKey } from '../domain/ip-prefix.js';
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
  /** Clients who are no sessions yet, by address or IPv6 /64. */
  readonly #held = new Map<string, number>();
  #heldCount = 0;
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
    const present = {
      clients: sessions.count + this.#heldCount,
      ofAddress: sessions.countOf(address) + (this.#held.get(addressKey(address)) ?? 0),
    };
    return this.#admission.refusal(address, timers.monotonic(), present);
  }

  /** As `refusal`; null: its seat is held from now on, until `release`. */
  hold(address: string): AdmissionRefusal | null {
    const refusal = this.refusal(address);
    if (refusal === null) this.#countHeld(address, 1);
    return refusal;
  }

  /** It is a session from now on, or gone. */
  release(address: string): void {
    this.#countHeld(address, -1);
  }

  /** Written down first, or they would be gone with the pod. Rejects when that fails: nothing has changed then. */
  set(limits: PodLimits): Promise<LimitsState> {
    return this.#change(() => this.#deps.store.save(limits), 'file', limits);
  }

  /** The configuration's hold again. */
  reset(): Promise<LimitsState> {
    return this.#change(() => this.#deps.store.remove(), 'configuration', this.#deps.configured);
  }

  #countHeld(address: string, more: 1 | -1): void {
    const key = addressKey(address);
    const held = (this.#held.get(key) ?? 0) + more;
    if (held === 0) this.#held.delete(key);
    else this.#held.set(key, held);
    this.#heldCount += more;
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
