import { DolphinError, edgeName, type Fact, type PodState } from '@dolphin/protocol';
import type { Clock, Logger } from '@dolphin/runtime';
import { isOver, undrained } from '../domain/leave-rules.js';
import { DRAIN_MARGIN_MS, LEAVE_POLL_MS, POD_END_PATIENCE_MS, TELL_PATIENCE_MS } from './bounds.js';
import type { Outbox } from './outbox.js';
import type { PodKeeper } from './pod-keeper.js';
import { isFailure, type PodControl } from './ports.js';

export interface LeavingDeps {
  readonly pod: Pick<PodControl, 'state' | 'drain' | 'stop'>;
  readonly keeper: Pick<PodKeeper, 'letGo' | 'hasChild' | 'look'>;
  readonly outbox: Pick<Outbox, 'facts' | 'addParting'>;
  /** The number of the last happening that is in the log. */
  readonly upTo: () => number;
  /** It has joined, and NATS is there. */
  readonly canTell: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** How long clients may stay. */
  readonly deadlineMs: number;
}

/** Takes a host out of its farm: its edges drain, its pod ends, and the log is told, in this order. */
export class Leaving {
  readonly #deps: LeavingDeps;
  #isLeaving = false;
  #hasEndedPod = false;

  constructor(deps: LeavingDeps) {
    this.#deps = deps;
  }

  /** From then on no new edge is taken. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get hasEndedPod(): boolean {
    return this.#hasEndedPod;
  }

  /**
   * `hurry`: wait for no client any more. Throws E_WAIT_TIMEOUT when the pod does not end, which then goes on and has not
   * left, and E_BUS_UNAVAILABLE when all is done but nobody could be told.
   */
  async run(hurry: AbortSignal): Promise<void> {
    const { keeper, logger, deadlineMs } = this.#deps;
    this.#isLeaving = true;
    logger.info({ deadlineMs }, 'leaving the farm: the edges drain, then the pod ends');
    keeper.letGo();
    await this.#drain(hurry);
    await this.#endPod(hurry);
    await this.#tell();
    logger.info({}, 'this host has left the farm');
  }

  /** Until no stream edge is left. A pod that does not answer is not waited for here: it is ended next. */
  async #drain(hurry: AbortSignal): Promise<void> {
    const { pod, clock, deadlineMs, logger } = this.#deps;
    const deadlineAt = clock.monotonic() + deadlineMs;
    while (!hurry.aborted && clock.monotonic() < deadlineAt + DRAIN_MARGIN_MS) {
      const state = await pod.state();
      if (isFailure(state) || isOver(state)) break;
      // Also one that was just being started when the others were told.
      for (const edge of undrained(state)) {
        await pod.drain(edgeName(edge), Math.max(0, Math.round(deadlineAt - clock.monotonic())));
      }
      await this.#pause(hurry);
    }
    if (hurry.aborted) logger.warn({}, 'told again: no client is waited for any more');
  }

  async #endPod(hurry: AbortSignal): Promise<void> {
    const { pod, keeper, clock } = this.#deps;
    const last = await pod.state();
    // What the edges' ends made happen is told by the pod alone: it is heard out first.
    if (!isFailure(last) && !hurry.aborted) await this.#told(last, hurry);
    const patience = clock.monotonic() + POD_END_PATIENCE_MS;
    for (;;) {
      const state = await pod.state();
      if (isFailure(state) && state.failed === 'down' && !keeper.hasChild) break;
      if (clock.monotonic() >= patience) {
        throw new DolphinError('E_WAIT_TIMEOUT', { what: 'the end of the pod', timeoutMs: POD_END_PATIENCE_MS });
      }
      await pod.stop(0);
      await clock.sleep(LEAVE_POLL_MS);
    }
    this.#hasEndedPod = true;
    await keeper.look();
  }

  async #told({ lastHappening }: PodState, hurry: AbortSignal): Promise<void> {
    const { clock, canTell, upTo } = this.#deps;
    const patience = clock.monotonic() + TELL_PATIENCE_MS;
    while (canTell() && upTo() < lastHappening && clock.monotonic() < patience && !hurry.aborted) {
      await this.#pause(hurry);
    }
  }

  async #tell(): Promise<void> {
    const { outbox, clock, canTell, newId } = this.#deps;
    const fact: Fact = { type: 'host-left', id: newId(), why: 'its worker was told to leave' };
    outbox.addParting(fact);
    const patience = clock.monotonic() + TELL_PATIENCE_MS;
    while (outbox.facts.some(({ id }) => id === fact.id)) {
      if (!canTell() && clock.monotonic() >= patience) {
        throw new DolphinError('E_BUS_UNAVAILABLE', {
          why: 'the edges and the pod of this host have ended, and its farm could not be told that it left',
        });
      }
      if (clock.monotonic() >= patience + TELL_PATIENCE_MS) {
        throw new DolphinError('E_BUS_UNAVAILABLE', {
          why: 'it is not known whether the log says that this host left',
        });
      }
      await clock.sleep(LEAVE_POLL_MS);
    }
  }

  async #pause(hurry: AbortSignal): Promise<void> {
    await this.#deps.clock.sleep(LEAVE_POLL_MS, hurry);
  }
}
