import { type ClientNews, RelayMessage, type RelayTake } from '@dolphin/protocol';
import { DEFAULT_RESTART_POLICY, decideRestart, NO_FAILURES, type RestartHistory } from '../domain/restart-policy.js';
import { HandOffQueue } from './hand-off-queue.js';
import type { Client, Log, ProcessExit, SocketTaker, Timers } from './ports.js';
import { takeMessage } from './take-message.js';

export type RelayTarget = RelayTake['targets'][number];

export interface RelayProcess extends SocketTaker {
  readonly pid: number;
  say(message: object): void;
  onMessage(handler: (message: unknown) => void): void;
  onExit(handler: (exit: ProcessExit) => void): void;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

export interface RelayLauncher {
  /** Null: it could not be started; tried again later. */
  launch(index: number): RelayProcess | null;
}

export interface RelayPoolEvents {
  onAvailable(): void;
  /** One of them took a client. */
  onTook(): void;
  onRouted(id: number, edge: string, via: string): void;
  onConnectFailed(id: number, edge: string, via: string, code: string): void;
  onClients(via: string, news: ClientNews): void;
  /** It and its clients are gone. */
  onExit(via: string): void;
  onReturned(clients: Client[]): void;
  onCut(client: Client): void;
}

interface Relay {
  readonly name: string;
  readonly index: number;
  process: RelayProcess | null;
  queue: HandOffQueue | null;
  stuck: boolean;
  history: RestartHistory;
  helloAt: number | null;
  /** Messages so far. */
  heard: number;
  sentBytes: Map<string, number>;
}

/** Relays are all alike and cost nothing but their clients: they are started again for ever, quickly. */
const RELAY_RESTARTS = { ...DEFAULT_RESTART_POLICY, maxAttempts: null, baseMs: 100, maxDelayMs: 2000 };

/** The `-w N` relay processes: started when the first edge needs one, started again when they die. */
export class RelayPool {
  readonly #relays: Relay[];
  readonly #deps: { launcher: RelayLauncher; timers: Timers; log: Log; random: () => number };
  readonly #events: RelayPoolEvents;
  /** Where a client that is not yet connected may go. */
  readonly #targets = new Map<number, RelayTarget[]>();
  /** Bytes sent by relay processes that are gone, by edge. */
  readonly #sentBefore = new Map<string, number>();
  #started = false;
  #stopping = false;

  constructor(
    count: number,
    deps: { launcher: RelayLauncher; timers: Timers; log: Log; random: () => number },
    events: RelayPoolEvents,
  ) {
    this.#deps = deps;
    this.#events = events;
    this.#relays = Array.from({ length: count }, (_, index) => ({
      name: `relay-${index}`,
      index,
      process: null,
      queue: null,
      stuck: false,
      history: NO_FAILURES,
      helloAt: null,
      heard: 0,
      sentBytes: new Map<string, number>(),
    }));
  }

  /** Idempotent. */
  start(): void {
    if (this.#started || this.#stopping) return;
    this.#started = true;
    for (const relay of this.#relays) this.#launch(relay);
  }

  /** Those that said hello, with how often they have spoken. */
  up(): { name: string; pid: number; heard: number }[] {
    return this.#relays.flatMap(({ name, process, helloAt, heard }) =>
      process === null || helloAt === null ? [] : [{ name, pid: process.pid, heard }],
    );
  }

  kill(name: string, why: string): void {
    const process = this.#relays.find((relay) => relay.name === name)?.process;
    if (process === null || process === undefined) return;
    this.#deps.log.error({ relay: name, pid: process.pid }, `a relay process is killed: ${why}`);
    process.signal('SIGKILL');
  }

  /** One is there, though it may be busy. */
  get isUp(): boolean {
    return this.#relays.some(({ queue }) => queue !== null);
  }

  /** The relay to give a client to: the one with the fewest, by `countVia`; null: none is there now. */
  pick(countVia: (via: string) => number): string | null {
    let best: Relay | null = null;
    for (const relay of this.#relays) {
      if (relay.queue === null || relay.queue.full || relay.stuck) continue;
      if (best === null || countVia(relay.name) < countVia(best.name)) best = relay;
    }
    return best?.name ?? null;
  }

  /** `via`: what `pick` has just said. */
  push(via: string, client: Client, targets: RelayTarget[]): void {
    const queue = this.#relays.find((relay) => relay.name === via)?.queue;
    if (queue === undefined || queue === null) throw new Error(`${via} was picked and is not there`);
    this.#targets.set(client.id, targets);
    queue.push(client);
  }

  /** To the relay process `via`; one that is gone hears nothing, and has nobody. */
  say(via: string, message: object): void {
    this.#relays.find((relay) => relay.name === via)?.process?.say(message);
  }

  /** Takes back a client that was not sent yet; null: it was. */
  withdraw(via: string, id: number): Client | null {
    return this.#relays.find((relay) => relay.name === via)?.queue?.withdraw(id) ?? null;
  }

  /** It is gone, wherever it was. */
  forget(id: number): void {
    this.#targets.delete(id);
  }

  targetsOf(id: number): readonly RelayTarget[] {
    return this.#targets.get(id) ?? [];
  }

  /** Bytes that relays sent to clients of this edge, since the pod started. */
  sentBytesOf(edge: string): number {
    return this.#relays.reduce((sum, relay) => sum + (relay.sentBytes.get(edge) ?? 0), this.#sentBefore.get(edge) ?? 0);
  }

  stop(): void {
    this.#stopping = true;
    for (const relay of this.#relays) {
      relay.queue?.close();
      relay.process?.signal('SIGTERM');
    }
  }

  #launch(relay: Relay): void {
    if (this.#stopping) return;
    const process = this.#deps.launcher.launch(relay.index);
    if (process === null) {
      this.#again(relay);
      return;
    }
    relay.process = process;
    process.onMessage((message) => this.#onMessage(relay, process, message));
    process.onExit((exit) => this.#onExit(relay, exit));
  }

  #onMessage(relay: Relay, process: RelayProcess, raw: unknown): void {
    if (relay.process !== process) return;
    const parsed = RelayMessage.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    relay.heard += 1;
    const wasStuck = relay.stuck;
    relay.stuck = false;
    if (wasStuck) this.#events.onAvailable();
    switch (message.type) {
      case 'hello':
        relay.helloAt = this.#deps.timers.monotonic();
        relay.queue = this.#queueTo(relay, process);
        this.#events.onAvailable();
        return;
      case 'took':
        if (relay.queue?.took(message.id)) this.#events.onTook();
        return;
      case 'routed':
        this.#targets.delete(message.id);
        this.#events.onRouted(message.id, message.edge, relay.name);
        return;
      case 'connect-failed':
        this.#deps.log.warn({ edge: message.edge, code: message.code }, 'the relay could not connect to an edge');
        this.#events.onConnectFailed(message.id, message.edge, relay.name, message.code);
        return;
      case 'left':
      case 'uses':
      case 'counts':
        this.#events.onClients(relay.name, message);
        return;
      case 'beat':
        relay.sentBytes = new Map(Object.entries(message.sentBytes));
        return;
      default:
        never(message);
    }
  }

  #queueTo(relay: Relay, taker: SocketTaker): HandOffQueue {
    return new HandOffQueue({
      taker,
      timers: this.#deps.timers,
      message: (client) => ({ ...takeMessage(client), targets: this.#targets.get(client.id) ?? [] }),
      events: {
        onReturned: (clients) => {
          for (const client of clients) this.#targets.delete(client.id);
          this.#events.onReturned(clients);
        },
        onCut: (client) => {
          this.#targets.delete(client.id);
          this.#events.onCut(client);
        },
        onStuck: () => {
          relay.stuck = true;
          this.#deps.log.warn({ relay: relay.name }, 'takes no clients: it gets no more for now');
        },
        onRoom: () => this.#events.onAvailable(),
      },
    });
  }

  #onExit(relay: Relay, exit: ProcessExit): void {
    for (const [edge, bytes] of relay.sentBytes) {
      this.#sentBefore.set(edge, (this.#sentBefore.get(edge) ?? 0) + bytes);
    }
    relay.sentBytes = new Map();
    relay.process = null;
    const { queue } = relay;
    relay.queue = null;
    // First: who only waited for it is not gone with it.
    queue?.close();
    this.#events.onExit(relay.name);
    if (this.#stopping) return;
    this.#deps.log.warn({ relay: relay.name, ...exit }, 'a relay process ended');
    this.#again(relay);
  }

  #again(relay: Relay): void {
    const at = this.#deps.timers.monotonic();
    const readyForMs = relay.helloAt === null ? null : at - relay.helloAt;
    relay.helloAt = null;
    const decision = decideRestart(relay.history, { at, readyForMs }, RELAY_RESTARTS, this.#deps.random());
    relay.history = decision.history;
    const delayMs = decision.type === 'restart' ? decision.delayMs : RELAY_RESTARTS.maxDelayMs;
    this.#deps.timers.after(delayMs, () => this.#launch(relay));
  }
}

function never(value: never): never {
  throw new Error(`unknown ${JSON.stringify(value)}`);
}
