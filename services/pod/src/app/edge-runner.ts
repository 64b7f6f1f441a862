import { type ClientProtocol, type EdgeDefinition, EdgeMessage, type EdgeState } from '@dolphin/protocol';
import {
  type EdgeEffect,
  type EdgeEvent,
  type EdgeMachine,
  type EdgeTold,
  NEW_EDGE,
  stepEdge,
} from '../domain/edge-machine.js';
import type { RestartPolicy } from '../domain/restart-policy.js';
import { awaitReady, READY_WITHIN_MS } from './await-ready.js';
import { type Cause, factOf } from './edge-facts.js';
import type { EdgeBeat, EdgeRunnerDeps, EdgeRunnerEvents } from './edge-runner-ports.js';
import type { EdgeProcess } from './ports.js';
import type { StartTicket } from './start-gate.js';

/** SRS quits 0.5-1 s after SIGTERM. */
export const STOP_WITHIN_MS = 5000;

/** It was asked to go before its turn to start had come. */
const CALLED_OFF = { code: 'E_INTERNAL', message: 'called off', usesAttempt: false } as const;

/** Runs one generation of one edge: gives the machine its events, carries out its effects. */
export class EdgeRunner {
  readonly edge: EdgeDefinition;
  readonly name: string;
  readonly #deps: EdgeRunnerDeps;
  readonly #events: EdgeRunnerEvents;
  #machine: EdgeMachine = NEW_EDGE;
  #process: EdgeProcess | null = null;
  #takes: readonly ClientProtocol[] = [];
  #takesNobody = false;
  #beat: EdgeBeat | null = null;
  #beats = 0;
  #cancelWait: () => void = () => undefined;
  #ticket: StartTicket | null = null;
  #cause: Cause;
  #policy: RestartPolicy;

  /** `name`: unique among those that live. `isSuccessor`: another one serves in its slot. */
  constructor(
    edge: EdgeDefinition,
    cause: Cause,
    o: { name: string; isSuccessor: boolean },
    deps: EdgeRunnerDeps,
    events: EdgeRunnerEvents,
  ) {
    this.edge = edge;
    this.name = o.name;
    this.#policy = o.isSuccessor ? deps.successorPolicy : deps.policy;
    this.#cause = cause;
    this.#deps = deps;
    this.#events = events;
  }

  get state(): EdgeState {
    return this.#machine.phase;
  }
  get process(): EdgeProcess | null {
    return this.#process;
  }
  get restarts(): number {
    return Math.max(0, this.#machine.starts - 1);
  }
  get uptimeMs(): number {
    const { startedAt } = this.#machine;
    return startedAt === null ? 0 : Math.max(0, Math.round(this.#deps.timers.monotonic() - startedAt));
  }
  /** While it drains: when its clients are closed, in monotonic ms. */
  get drainUntil(): number | null {
    return this.#machine.drainUntil;
  }
  /** The last beat of its present process. */
  get beat(): EdgeBeat | null {
    return this.#beat;
  }
  /** How often its processes have beaten so far. */
  get beats(): number {
    return this.#beats;
  }
  /** What its next fact follows from. */
  get cause(): Cause {
    return this.#cause;
  }
  /** It said that it takes sockets of this protocol. */
  takes(protocol: ClientProtocol): boolean {
    return this.#takes.includes(protocol);
  }
  /** Its process ends slowly, by somebody else's signal: no client is to come, by hand-off or by relay. */
  get takesNobody(): boolean {
    return this.#takesNobody;
  }

  start(): void {
    this.#carryOut({ type: 'start' });
  }

  /** `cause` of the exit that follows. */
  stop(cause?: Cause): void {
    if (cause !== undefined && !this.#machine.stopAsked) this.#cause = cause;
    this.#feed({ type: 'stop' });
  }

  /** `clients`: those it has. `cause` of the facts that follow. */
  drain(deadlineMs: number, clients: number, cause: Cause): void {
    if (!this.#machine.stopAsked) this.#cause = cause;
    this.#feed({ type: 'drain', deadlineMs, clients });
  }

  /** `closed`: clients that were told to go. */
  endDrain(why: 'empty' | 'deadline', closed: number): void {
    this.#feed({ type: 'drained', why, closed });
  }

  /** False: it does not drain, or not any more. */
  undrain(clients: number, cause: Cause): boolean {
    if (this.#machine.phase !== 'draining') return false;
    this.#cause = cause;
    this.#feed({ type: 'undrain', clients });
    this.#keep(true);
    this.#events.onUndrained(this);
    return true;
  }

  /** Whoever asks again over HTTP is to come with another connection, and so to that one. */
  hasSuccessor(): void {
    if (this.#machine.phase === 'draining') this.#keep(false);
  }

  #keep(on: boolean): void {
    // Who never said what it takes would not know the word.
    if (this.#takes.length > 0) this.#process?.say({ type: 'keep', on });
  }

  /** Tells that something is wrong with its process, which goes on. */
  tellUnhealthy(why: string): void {
    const { pid } = this.#machine;
    if (pid !== null) this.#tell({ type: 'edge-unhealthy', pid, why, killed: false });
  }

  /** It lives, but is of no use: told, killed, started again by policy. */
  unhealthy(why: string): void {
    this.#feed({ type: 'unhealthy', why });
  }

  #feed(event: EdgeEvent): void {
    const { timers, random } = this.#deps;
    const before = this.#machine.phase;
    const step = stepEdge(this.#machine, event, { at: timers.monotonic(), random: random(), policy: this.#policy });
    this.#machine = step.machine;
    for (const effect of step.effects) this.#carryOut(effect);
    if (step.machine.stopAsked) this.#ticket?.callOff();
    if (before !== 'gave-up' && step.machine.phase === 'gave-up') this.#events.onGaveUp(this);
  }

  #carryOut(effect: EdgeEffect): void {
    switch (effect.type) {
      case 'start':
        void this.#launch();
        return;
      case 'wait':
        this.#cancelWait = this.#deps.timers.after(effect.ms, () => this.#feed({ type: 'delay-over' }));
        return;
      case 'cancel-wait':
        this.#cancelWait();
        return;
      case 'terminate':
        this.#terminate();
        return;
      case 'kill':
        this.#process?.signal('SIGKILL');
        return;
      case 'tell':
        this.#tell(effect.told);
        return;
      case 'gone':
        this.#events.onGone(this);
        return;
      default:
        never(effect);
    }
  }

  async #launch(): Promise<void> {
    // What serves others, or served already, goes before what is new.
    const urgent = this.edge.role === 'back-source' || this.#machine.starts > 0;
    this.#ticket = this.#deps.startGate.enter({ urgent });
    const leaveGate = await this.#ticket.entered;
    try {
      if (leaveGate === null) this.#feed({ type: 'start-failed', ...CALLED_OFF });
      else await this.#start();
    } finally {
      leaveGate?.();
    }
  }

  /** Resolves when it has started, or will not. */
  async #start(): Promise<void> {
    const { launcher, log } = this.#deps;
    const outcome = await launcher.launch(this.edge, {
      first: this.#machine.starts === 0,
      name: this.name,
      isCalledOff: () => this.#machine.stopAsked,
    });
    if (!outcome.ok) {
      if (!this.#machine.stopAsked) log.warn({ edge: this.name, code: outcome.code }, outcome.message);
      this.#feed({ type: 'start-failed', ...outcome });
      return;
    }
    const { process } = outcome;
    this.#process = process;
    this.#takes = [];
    this.#takesNobody = false;
    this.#beat = null;
    process.onMessage((message) => this.#onMessage(process, message));
    this.#feed({ type: 'started', pid: process.pid });
    this.#events.onStarted(this);
    process.onExit((exit) => {
      this.#process = null;
      this.#takes = [];
      this.#beat = null;
      // The state first: what the others do at an exit must not find it ready.
      this.#feed({ type: 'exited', ...exit });
      this.#events.onExit(this);
    });
    await this.#awaitReady(process);
  }

  async #awaitReady(process: EdgeProcess): Promise<void> {
    const { timers, probe } = this.#deps;
    const outcome = await awaitReady({
      ...{ timers, probe, apiPort: this.edge.ports.api, pid: process.pid },
      isStarting: () => this.#process === process && this.#machine.phase === 'starting',
      helloIsAwaited: () => process.dialect === 'builtin' && this.#takes.length === 0,
    });
    if (outcome === 'over') return;
    if (outcome === 'late') {
      this.unhealthy(`its private API did not answer within ${READY_WITHIN_MS} ms`);
      return;
    }
    this.#feed({ type: 'ready' });
    if (this.#machine.phase !== 'ready') return;
    this.#policy = this.#deps.policy;
    this.#events.onReady(this);
  }

  #onMessage(process: EdgeProcess, raw: unknown): void {
    if (this.#process !== process) return;
    const parsed = EdgeMessage.safeParse(raw);
    // Other programs use the channel for words of their own (pm2's `ready`, say).
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.type) {
      case 'hello':
        this.#takes = message.takes;
        this.#takesNobody = message.takes.length === 0;
        if (this.#takesNobody) this.#events.onClosing(this);
        return;
      case 'took':
        this.#events.onTook(this, message.id);
        return;
      case 'left':
      case 'uses':
      case 'counts':
        this.#events.onClients(this, message);
        return;
      case 'beat':
        this.#beat = message;
        this.#beats += 1;
        this.#events.onBeat(this);
        return;
      default:
        never(message);
    }
  }

  #terminate(): void {
    const { process } = this;
    if (process === null) return;
    this.#events.onClosing(this);
    process.signal('SIGTERM');
    const cancel = this.#deps.timers.after(STOP_WITHIN_MS, () => {
      if (this.#process !== process) return;
      this.#deps.log.warn({ edge: this.name, pid: process.pid }, 'did not end after SIGTERM: killed');
      process.signal('SIGKILL');
    });
    process.onExit(cancel);
  }

  #tell(told: EdgeTold): void {
    const { role, slot, generation, engine } = this.edge;
    const place = { role, slot, generation, ...this.#cause };
    const causationId = this.#deps.tell(factOf(told, place, engine));
    this.#cause = { ...this.#cause, causationId };
  }
}

function never(value: never): never {
  throw new Error(`unknown ${JSON.stringify(value)}`);
}
