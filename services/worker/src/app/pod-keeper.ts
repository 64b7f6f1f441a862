import type { Fact, PodState } from '@dolphin/protocol';
import type { Clock, Complaints, Logger } from '@dolphin/runtime';
import { podStartDelayMs } from '../domain/pod-starts.js';
import {
  POD_GOOD_RUN_MS,
  POD_LOOK_MS,
  POD_START_LOOK_MS,
  POD_START_PATIENCE_MS,
  POD_STATE_VALID_MS,
} from './bounds.js';
import { Nap } from './nap.js';
import { isFailure, type PodControl, type PodStarter, type StartedPod } from './ports.js';

export interface PodKeeperDeps {
  readonly pod: Pick<PodControl, 'state'>;
  readonly starter: PodStarter;
  readonly host: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly complaints: Complaints;
  readonly newId: () => string;
  /** A pod that had been up is gone. */
  readonly onExit: (fact: Fact) => void;
  /** The socket is a pod's of another host: nothing here can be right. */
  readonly onStranger: (host: string) => void;
}

interface Child extends StartedPod {
  readonly startedAt: number;
  end: { code: number | null; signal: string | null } | null;
}

/** Keeps a pod on this host: adopts the one that runs, starts one when there is none. Needs no NATS. */
export class PodKeeper {
  readonly #deps: PodKeeperDeps;
  #latest: { state: PodState; at: number } | null = null;
  /** The pod that answered last, until it is known to be gone. */
  #upPid: number | null = null;
  #child: Child | null = null;
  #failedStarts = 0;
  #nextStartAt = 0;
  #isLetGo = false;
  readonly #nap = new Nap();

  constructor(deps: PodKeeperDeps) {
    this.#deps = deps;
  }

  /** Null: it is down, or has not answered for a while. */
  get state(): PodState | null {
    const fresh = this.#latest !== null && this.#deps.clock.monotonic() - this.#latest.at <= POD_STATE_VALID_MS;
    return fresh ? (this.#latest?.state ?? null) : null;
  }

  /** The pod is this life's own child, belongs to no farm and has no edge: nobody would miss it. */
  get isUnused(): boolean {
    const { state } = this;
    return state !== null && state.pid === this.#child?.pid && state.farmId === null && state.edges.length === 0;
  }

  /** A pod that this life started has not ended, whether it answers or not. */
  get hasChild(): boolean {
    return this.#child !== null && this.#child.end === null;
  }

  /** From now on a pod that ends stays so. */
  letGo(): void {
    this.#isLetGo = true;
  }

  /** Looks now, so that `state` holds what a change just made. Never rejects. */
  async look(): Promise<void> {
    const { pod, clock, host, logger, onStranger } = this.#deps;
    const answer = await pod.state();
    const now = clock.monotonic();
    if (!isFailure(answer)) {
      if (answer.host !== host) {
        onStranger(answer.host);
        return;
      }
      if (this.#upPid !== answer.pid) {
        this.#gone();
        const adopted = this.#child?.pid !== answer.pid;
        logger.info(
          { pod: answer.pid, edges: answer.edges.length },
          adopted ? 'adopted a running pod' : 'the pod is up',
        );
      }
      this.#upPid = answer.pid;
      this.#latest = { state: answer, at: now };
      if (answer.uptimeMs >= POD_GOOD_RUN_MS) this.#failedStarts = 0;
      return;
    }
    if (answer.failed === 'down') this.#whenDown(now);
    else this.#deps.complaints.about(`the pod gives no good answer: ${answer.failed}`, { why: answer.why });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      const untilStart = this.#nextStartAt - this.#deps.clock.monotonic();
      const isStarting = this.#child !== null && this.#upPid === null;
      const lookMs = isStarting ? POD_START_LOOK_MS : POD_LOOK_MS;
      const pauseMs = untilStart > 0 ? Math.min(lookMs, untilStart) : lookMs;
      await this.#nap.sleep(this.#deps.clock, pauseMs, signal);
    }
  }

  #whenDown(now: number): void {
    this.#latest = null;
    const child = this.#child;
    if (child && child.end === null) {
      // Not there yet, or just gone: its exit tells, at once.
      if (now - child.startedAt > POD_START_PATIENCE_MS) {
        this.#deps.complaints.about('the pod was started and does not answer', { pod: child.pid });
      }
      return;
    }
    this.#gone();
    if (child) {
      this.#child = null;
      this.#nextStartAt = now + podStartDelayMs(this.#failedStarts);
    }
    if (this.#isLetGo || now < this.#nextStartAt) return;
    this.#start(now);
  }

  /** The pod that was up is not there any more: one fact, whoever it was. */
  #gone(): void {
    if (this.#upPid === null) return;
    const { code, signal } = (this.#child?.pid === this.#upPid && this.#child.end) || { code: null, signal: null };
    this.#deps.logger.warn({ pod: this.#upPid, code, signal }, 'the pod is gone');
    this.#deps.onExit({ type: 'pod-exited', id: this.#deps.newId(), code, signal });
    this.#upPid = null;
  }

  #start(now: number): void {
    this.#failedStarts++;
    const child: Child = { ...this.#deps.starter.start(), startedAt: now, end: null };
    this.#child = child;
    this.#deps.logger.info({ pod: child.pid, attempt: this.#failedStarts }, 'starting the pod');
    void child.exited.then((end) => {
      child.end = end;
      if (this.#upPid !== child.pid) this.#deps.complaints.about('the pod does not start: see pod.log', { ...end });
      this.#nap.wake();
    });
  }
}
