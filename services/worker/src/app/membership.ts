import { DOLPHIN_VERSION, DolphinError, subjectsOf } from '@dolphin/protocol';
import { backoffMs, type Clock, type Complaints, type Logger } from '@dolphin/runtime';
import type { Addressee } from '../domain/command-admission.js';
import type { AskDesk } from './ask-desk.js';
import {
  FARM_SEARCH_MESSAGES,
  FOREIGN_LISTEN_MS,
  POD_UP_PATIENCE_MS,
  POD_UP_POLL_MS,
  RETRY,
  SHIP_POLL_MS,
} from './bounds.js';
import type { CommandDesk } from './command-desk.js';
import type { FactShipper, HostWords } from './fact-shipper.js';
import type { Herald } from './herald.js';
import { Nap } from './nap.js';
import type { PodKeeper } from './pod-keeper.js';
import type { Bus, Identity, IdentityFile } from './ports.js';

export interface MembershipDeps {
  readonly bus: Bus;
  readonly shipper: FactShipper;
  readonly identity: IdentityFile;
  readonly keeper: Pick<PodKeeper, 'state'>;
  readonly desk: Pick<CommandDesk, 'answer'>;
  readonly asks: Pick<AskDesk, 'answer' | 'kick'>;
  readonly herald: Pick<Herald, 'heartbeat' | 'pulse'>;
  readonly farm: string;
  readonly host: string;
  /** The public ports, for a pod that does not answer yet. */
  readonly ports: { readonly rtmp: number[]; readonly http: number[] };
  readonly words: HostWords;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly complaints: Complaints;
  readonly random: () => number;
  /** After each join. */
  readonly whenJoined: () => Promise<void>;
}

/** Joins the farm, takes commands and ships facts, for ever and through every absence of NATS. */
export class Membership {
  readonly #deps: MembershipDeps;
  #me: Addressee | null = null;
  readonly #nap = new Nap();
  #mustVerify = false;
  #hasEars = false;
  #readOnly: DolphinError | null = null;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
  }

  /** Null: not joined. */
  get me(): Addressee | null {
    return this.#me;
  }

  /**
   * Why this host takes no commands but adopt: the newest message of its own in the log cannot be decoded, so nobody knows
   * what it has been, or who wrote there. Null: it takes them.
   */
  get readOnly(): DolphinError | null {
    return this.#readOnly;
  }

  /** There is something to ship. */
  wake(): void {
    this.#nap.wake();
  }

  /** Resolves when `signal` aborts. Rejects with the DolphinError for which this worker must not go on. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#podUp(signal);
    await this.#insist(() => this.#join(signal), signal);
    if (signal.aborted) return;
    await this.#insist(() => this.#open(), signal);
    // Whoever joined under this name before the ears were open was not heard.
    this.#mustVerify = true;
    let drops = this.#deps.bus.drops;
    while (!signal.aborted) {
      if (this.#deps.bus.drops !== drops) this.#mustVerify = true;
      const result = this.#deps.bus.connected ? await this.#insist(() => this.#round(signal), signal) : 'idle';
      if (!this.#mustVerify) drops = this.#deps.bus.drops;
      if (result === 'shipped') this.#deps.herald.pulse();
      else await this.#nap.sleep(this.#deps.clock, SHIP_POLL_MS, signal);
    }
  }

  /** The leader commands whoever joins: a pod that is just being started is waited for, one that fails to start is not. */
  async #podUp(signal: AbortSignal): Promise<void> {
    const { clock, keeper } = this.#deps;
    const end = clock.monotonic() + POD_UP_PATIENCE_MS;
    while (keeper.state === null && clock.monotonic() < end && !signal.aborted)
      await clock.sleep(POD_UP_POLL_MS, signal);
  }

  async #round(signal: AbortSignal): Promise<'shipped' | 'idle' | 'unsettled' | 'conflict'> {
    const { shipper, bus, logger, host } = this.#deps;
    if (this.#mustVerify) {
      const drops = bus.drops;
      const verdict = await shipper.verify();
      if (verdict === 'foreign') throw new DolphinError('E_HOST_TAKEN', { host });
      if (verdict === 'lost-tail') {
        logger.warn({ epoch: shipper.epoch }, 'the log does not hold what it had acknowledged: joining again');
        await this.#join(signal);
      }
      this.#mustVerify = bus.drops !== drops;
    }
    const result = await shipper.ship();
    if (result === 'conflict') this.#mustVerify = true;
    return result;
  }

  /** Throws E_FARM_MISMATCH, E_HOST_TAKEN; retryable errors for what may pass. */
  async #join(signal: AbortSignal): Promise<void> {
    const { shipper, identity, keeper, host, ports, words, logger, herald } = this.#deps;
    const known = await identity.read();
    const farmId = await this.#farmId(known?.farmId ?? null);
    const tail = await shipper.tail();
    const highest = Math.max(known?.epoch ?? 0, shipper.epoch);
    const strange = tail !== null && tail.epoch !== known?.epoch;
    if (tail !== null && tail.epoch > highest && (await this.#othersHeard(signal))) {
      throw new DolphinError('E_HOST_TAKEN', { host });
    }
    if (known === null) await identity.write({ farmId, epoch: 0 });
    const { rtmp, http } = keeper.state ?? ports;
    const outcome = await shipper.join({ farmId, version: DOLPHIN_VERSION, rtmp, http, host: words, strange }, signal);
    if (outcome === 'taken') throw new DolphinError('E_HOST_TAKEN', { host });
    if (outcome === 'aborted') return;
    const { epoch } = shipper;
    await this.#remember({ farmId, epoch });
    await this.#tellJoined();
    this.#me = { farmId, host, epoch };
    logger.info({ farm: this.#deps.farm, farmId, host, epoch, upTo: shipper.upTo }, 'joined the farm');
    herald.pulse();
  }

  /** A disk that refuses must not make a host join again and again: the next life then only looks more closely. */
  async #remember(is: Identity): Promise<void> {
    try {
      await this.#deps.identity.write(is);
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'the epoch cannot be written down');
    }
  }

  /** What is written down then is for later lives: this one goes on without it. */
  async #tellJoined(): Promise<void> {
    try {
      await this.#deps.whenJoined();
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'the invitation cannot be written down');
    }
  }

  /** The farm's id from its first entry, held against what this host knows. */
  async #farmId(known: string | null): Promise<string> {
    const { bus, farm } = this.#deps;
    const subject = subjectsOf(farm).logOperator;
    for await (const item of bus.log.read({ after: 0, limit: FARM_SEARCH_MESSAGES, subject })) {
      if (item.type !== 'stored' || item.envelope.kind !== 'operator') continue;
      for (const entry of item.envelope.entries) {
        if (entry.type !== 'farm-created' || entry.farm !== farm) continue;
        if (known !== null && known !== entry.farmId) {
          throw new DolphinError('E_FARM_MISMATCH', { ours: known, theirs: entry.farmId });
        }
        return entry.farmId;
      }
    }
    if (known !== null) throw new DolphinError('E_LOG_LOST', { farmId: known, why: 'it holds no farm-created' });
    throw new DolphinError('E_NO_FARM');
  }

  /** Somebody else joined under this name since: is that worker alive? */
  async #othersHeard(signal: AbortSignal): Promise<boolean> {
    const { bus, clock, farm, host, logger } = this.#deps;
    logger.info({ host }, 'another run directory used this host id last: listening for its heartbeats');
    const nap = new Nap();
    let heard = false;
    const stop = await bus.listen(subjectsOf(farm).heartbeat(host), () => {
      heard = true;
      nap.wake();
    });
    await nap.sleep(clock, FOREIGN_LISTEN_MS, signal);
    stop();
    return heard;
  }

  /**
   * Says so for as long as it is so; the pod serves on, and what happens waits. A life that could not begin for it speaks in
   * the epoch of the one before; without one this run directory never was the farm's host, and is silent. Throws E_HOST_TAKEN.
   */
  async #enterReadOnly(error: DolphinError, signal: AbortSignal): Promise<void> {
    const { identity, herald, host, logger } = this.#deps;
    if (this.#me === null) {
      const known = await identity.read();
      if (known === null || known.epoch === 0) return;
      // What cannot be read may be a later worker's, of a later version, somewhere else.
      if (await this.#othersHeard(signal)) throw new DolphinError('E_HOST_TAKEN', { host });
      this.#me = { ...known, host };
      await this.#open();
    }
    if (this.#readOnly !== null) return;
    this.#readOnly = error;
    logger.warn({ why: error.message }, 'this host is read-only: it takes no commands, its pod serves on');
    herald.pulse();
  }

  #leaveReadOnly(): void {
    if (this.#readOnly === null) return;
    this.#readOnly = null;
    this.#deps.logger.info({}, 'the log can be read again: this host takes commands');
    this.#deps.herald.pulse();
  }

  async #open(): Promise<void> {
    if (this.#hasEars) return;
    this.#hasEars = true;
    const { asks, bus, desk, farm, host } = this.#deps;
    const subjects = subjectsOf(farm);
    // Also one's own: looking once more costs a request, and a foreign host-joined is found at once. Before anything is answered: who
    // has an answer may write there, and what JetStream has not stored yet a look at the log does not find.
    await bus.listen(subjects.logHost(host), (data) => {
      if (this.#me !== null && foreignEpoch(data, this.#me.epoch)) {
        this.#mustVerify = true;
        this.wake();
      }
    });
    await bus.serve(subjects.command(host), (data) => desk.answer(data));
    await bus.serve(subjects.ask(host), (data) => asks.answer(data));
    await bus.serve(subjects.kick(host), (data) => asks.kick(data));
  }

  /** Tries until it works or cannot any more. */
  async #insist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | 'idle'> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const done = await work();
        this.#leaveReadOnly();
        return done;
      } catch (error) {
        if (error instanceof DolphinError && isFinal(error)) throw error;
        const [what, why] = error instanceof DolphinError ? [error.code, error.message] : ['E_INTERNAL', String(error)];
        const quiet = what === 'E_NO_FARM' && attempt < 10;
        if (error instanceof DolphinError && error.code === 'E_LOG_UNREADABLE')
          await this.#enterReadOnly(error, signal);
        if (!quiet) this.#deps.complaints.about(`the farm's log cannot be used now: ${what}`, { why });
        await this.#deps.clock.sleep(50 + backoffMs(attempt, RETRY, this.#deps.random), signal);
      }
    }
    return 'idle';
  }
}

/** What waiting cannot mend: the wrong farm, or a name that is another's. */
function isFinal(error: DolphinError): boolean {
  return error.code === 'E_FARM_MISMATCH' || error.code === 'E_HOST_TAKEN' || error.code === 'E_CONFIG';
}

/** Whether bytes on our own log subject come from another epoch; what cannot be read counts as that. */
function foreignEpoch(data: Uint8Array, own: number): boolean {
  try {
    const { epoch } = JSON.parse(new TextDecoder().decode(data)) as { epoch?: unknown };
    return epoch !== own;
  } catch {
    return true;
  }
}
