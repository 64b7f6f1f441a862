import {
  type ClientNews,
  type ClientProtocol,
  type EdgeDefinition,
  EdgeMessage,
  type EdgeState,
  edgeName,
  type PodFact,
} from '@dolphin/protocol';
import {
  type EdgeEffect,
  type EdgeEvent,
  type EdgeMachine,
  type EdgeTold,
  NEW_EDGE,
  stepEdge,
} from '../domain/edge-machine.js';
import type { RestartPolicy } from '../domain/restart-policy.js';
import type { EdgeLauncher, EdgeProbe, EdgeProcess, Log, Timers } from './ports.js';

/** SRS starts in 27 ms, Node in 200; a loaded machine needs more. */
export const READY_WITHIN_MS = 10_000;
/** A probe right after the start would only meet a closed port; each later one costs the edge a connection. */
const PROBE_EVERY_MS = 20;
/** SRS quits 0.5-1 s after SIGTERM. */
export const STOP_WITHIN_MS = 5000;

export interface EdgeBeat {
  readonly clients: number;
  readonly streams: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** A fact without its id. */
export type Told = PodFact extends infer F ? (F extends PodFact ? Omit<F, 'id'> : never) : never;

export interface EdgeRunnerDeps {
  readonly launcher: EdgeLauncher;
  readonly probe: EdgeProbe;
  readonly timers: Timers;
  readonly policy: RestartPolicy;
  readonly random: () => number;
  readonly log: Log;
  /** Writes a fact down and gives its id, which causes what follows. */
  readonly tell: (fact: Told) => string;
}

export interface EdgeRunnerEvents {
  /** There is a process; it is not ready. */
  onStarted(runner: EdgeRunner): void;
  onReady(runner: EdgeRunner): void;
  /** It takes no more clients; called before its process is asked to go. */
  onClosing(runner: EdgeRunner): void;
  onExit(runner: EdgeRunner): void;
  onTook(runner: EdgeRunner, id: number): void;
  onClients(runner: EdgeRunner, news: ClientNews): void;
  onBeat(runner: EdgeRunner): void;
  /** It was asked to go, and nothing is left of it. */
  onGone(runner: EdgeRunner): void;
}

/** Runs one generation of one edge: gives the machine its events, carries out its effects. */
export class EdgeRunner {
  readonly edge: EdgeDefinition;
  readonly name: string;
  readonly #deps: EdgeRunnerDeps;
  readonly #events: EdgeRunnerEvents;
  #machine: EdgeMachine = NEW_EDGE;
  #process: EdgeProcess | null = null;
  #takes: readonly ClientProtocol[] = [];
  #beat: EdgeBeat | null = null;
  #cancelWait: () => void = () => undefined;
  #cause: { causationId?: string; correlationId?: string };

  constructor(
    edge: EdgeDefinition,
    cause: { causationId?: string; correlationId?: string },
    deps: EdgeRunnerDeps,
    events: EdgeRunnerEvents,
  ) {
    this.edge = edge;
    this.name = edgeName(edge);
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
  /** The last beat of its present process. */
  get beat(): EdgeBeat | null {
    return this.#beat;
  }
  /** What its next fact follows from. */
  get cause(): { causationId?: string; correlationId?: string } {
    return this.#cause;
  }
  /** It said that it takes sockets of this protocol. */
  takes(protocol: ClientProtocol): boolean {
    return this.#takes.includes(protocol);
  }

  start(): void {
    this.#carryOut({ type: 'start' });
  }

  /** `cause` of the exit that follows. */
  stop(cause?: { causationId?: string; correlationId?: string }): void {
    if (cause !== undefined && !this.#machine.stopAsked) this.#cause = cause;
    this.#feed({ type: 'stop' });
  }

  #feed(event: EdgeEvent): void {
    const { timers, random, policy } = this.#deps;
    const step = stepEdge(this.#machine, event, { at: timers.monotonic(), random: random(), policy });
    this.#machine = step.machine;
    for (const effect of step.effects) this.#carryOut(effect);
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
    const outcome = await this.#deps.launcher.launch(this.edge, { first: this.#machine.starts === 0 });
    if (!outcome.ok) {
      this.#deps.log.warn({ edge: this.name, code: outcome.code }, outcome.message);
      this.#feed({ type: 'start-failed', ...outcome });
      return;
    }
    const { process } = outcome;
    this.#process = process;
    this.#takes = [];
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
    const deadline = timers.monotonic() + READY_WITHIN_MS;
    let answeredAt: number | null = null;
    while (this.#process === process && this.#machine.phase === 'starting') {
      if (answeredAt === null && (await probe.answers(this.edge.ports.api, process.pid))) {
        answeredAt = timers.monotonic();
      }
      const now = timers.monotonic();
      // Without its `hello` a built-in edge is relayed to, which nobody wants; one that comes later counts as well.
      const helloAwaited = process.dialect === 'builtin' && this.#takes.length === 0;
      if (answeredAt !== null && (!helloAwaited || now >= deadline)) break;
      if (now >= deadline) {
        this.#feed({ type: 'unhealthy', why: `its private API did not answer within ${READY_WITHIN_MS} ms` });
        return;
      }
      await new Promise<void>((resolve) => timers.after(PROBE_EVERY_MS, resolve));
    }
    if (this.#process !== process) return;
    this.#feed({ type: 'ready' });
    if (this.#machine.phase === 'ready') this.#events.onReady(this);
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

function factOf(told: EdgeTold, place: Pick<EdgeDefinition, 'role' | 'slot' | 'generation'>, engine: string): Told {
  switch (told.type) {
    case 'edge-started':
      return { ...told, ...place, engine };
    case 'edge-exited':
      return { ...told, ...place, stderr: [...told.stderr] };
    case 'edge-start-failed':
      return { ...told, ...place, message: told.message.slice(0, 1024) };
    case 'edge-ready':
    case 'edge-unhealthy':
    case 'edge-gave-up':
      return { ...told, ...place };
    default:
      return never(told);
  }
}

function never(value: never): never {
  throw new Error(`unknown ${JSON.stringify(value)}`);
}
