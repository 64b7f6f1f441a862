import { RelayMessage } from '@dolphin/protocol';
import { DEFAULT_RESTART_POLICY, decideRestart, NO_FAILURES, type RestartHistory } from '../domain/restart-policy.js';
import { type HandOffEvents, HandOffQueue } from './hand-off-queue.js';
import type { Client, Log, ProcessExit, SocketTaker, Timers } from './ports.js';

/** A public port's socket that is bound here and accepted on by relay processes. */
export interface SharedPort {
  readonly protocol: 'rtmp' | 'http';
  readonly port: number;
  close(): void;
}

export interface RelayProcess extends SocketTaker {
  readonly pid: number;
  say(message: object): void;
  /** Sends a copy of the port's socket with the message. */
  share(message: object, port: SharedPort): void;
  onMessage(handler: (message: unknown) => void): void;
  onExit(handler: (exit: ProcessExit) => void): void;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

export interface RelayLauncher {
  /** Null: it could not be started; tried again later. */
  launch(index: number): RelayProcess | null;
}

export interface RelayLineDeps {
  readonly launcher: RelayLauncher;
  readonly timers: Timers;
  readonly log: Log;
  readonly random: () => number;
  /** What goes with a client's socket. */
  readonly takeMessage: (client: Client) => object;
}

/** What of its messages is not the line's own affair. */
export type RelayNews = Exclude<RelayMessage, { type: 'hello' | 'took' | 'beat' }>;

export interface RelayLineEvents extends Pick<HandOffEvents, 'onReturned' | 'onCut'> {
  /** A process is up. */
  onHello(): void;
  /** It takes sockets: it is up, or was stuck or full. */
  onAvailable(): void;
  onTook(): void;
  onNews(news: RelayNews): void;
  /** It and its clients are gone. */
  onExit(): void;
}

/** Relays are all alike and cost nothing but their clients: they are started again for ever, quickly. */
const RELAY_RESTARTS = { ...DEFAULT_RESTART_POLICY, maxAttempts: null, baseMs: 100, maxDelayMs: 2000 };

/** One of the `-w N` relay processes, over its restarts. */
export class RelayLine {
  readonly name: string;
  readonly #index: number;
  readonly #deps: RelayLineDeps;
  readonly #events: RelayLineEvents;
  #process: RelayProcess | null = null;
  #queue: HandOffQueue | null = null;
  #stuck = false;
  #stopping = false;
  #history: RestartHistory = NO_FAILURES;
  #helloAt: number | null = null;
  #heard = 0;
  #reading = 0;
  #sentBytes = new Map<string, number>();
  /** Sent by processes that are gone. */
  readonly #sentBefore = new Map<string, number>();

  constructor(index: number, deps: RelayLineDeps, events: RelayLineEvents) {
    this.name = `relay-${index}`;
    this.#index = index;
    this.#deps = deps;
    this.#events = events;
  }

  /** It said hello; `heard` is how often it has spoken. Null: it is not up. */
  get up(): { name: string; pid: number; heard: number } | null {
    if (this.#process === null || this.#helloAt === null) return null;
    return { name: this.name, pid: this.#process.pid, heard: this.#heard };
  }

  /** Clients whose first words it reads, as of its last beat. */
  get reading(): number {
    return this.#reading;
  }

  get takesSockets(): boolean {
    return this.#queue !== null && !this.#queue.full && !this.#stuck;
  }

  launch(): void {
    if (this.#stopping) return;
    const process = this.#deps.launcher.launch(this.#index);
    if (process === null) {
      this.#again();
      return;
    }
    this.#process = process;
    process.onMessage((message) => this.#onMessage(process, message));
    process.onExit((exit) => this.#onExit(exit));
  }

  kill(why: string): void {
    if (this.#process === null) return;
    this.#deps.log.error({ relay: this.name, pid: this.#process.pid }, `a relay process is killed: ${why}`);
    this.#process.signal('SIGKILL');
  }

  /** Only while it takes sockets. */
  push(client: Client): void {
    if (this.#queue === null) throw new Error(`${this.name} is not there`);
    this.#queue.push(client);
  }

  /** Takes back a client that was not sent yet; null: it was. */
  withdraw(id: number): Client | null {
    return this.#queue?.withdraw(id) ?? null;
  }

  /** One that is gone hears nothing, and has nobody. */
  say(message: object): void {
    this.#process?.say(message);
  }

  share(message: object, port: SharedPort): void {
    this.#process?.share(message, port);
  }

  /** Bytes that its processes sent to clients of this edge. */
  sentBytesOf(edge: string): number {
    return (this.#sentBytes.get(edge) ?? 0) + (this.#sentBefore.get(edge) ?? 0);
  }

  stop(): void {
    this.#stopping = true;
    this.#queue?.close();
    this.#process?.signal('SIGTERM');
  }

  #onMessage(process: RelayProcess, raw: unknown): void {
    if (this.#process !== process) return;
    const parsed = RelayMessage.safeParse(raw);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const why = `${issue?.path.join('.')}: ${issue?.message}`;
      // It is of this very build: whatever went wrong there, its clients are not in good hands.
      this.kill(`it said what cannot be read (${why})`);
      return;
    }
    const message = parsed.data;
    this.#heard += 1;
    const wasStuck = this.#stuck;
    this.#stuck = false;
    if (wasStuck) this.#events.onAvailable();
    switch (message.type) {
      case 'hello':
        this.#helloAt = this.#deps.timers.monotonic();
        this.#queue = this.#queueTo(process);
        this.#events.onHello();
        this.#events.onAvailable();
        return;
      case 'took':
        if (this.#queue?.took(message.id)) this.#events.onTook();
        return;
      case 'beat':
        this.#sentBytes = new Map(Object.entries(message.sentBytes));
        this.#reading = message.reading;
        return;
      default:
        this.#events.onNews(message);
    }
  }

  #queueTo(taker: SocketTaker): HandOffQueue {
    return new HandOffQueue({
      taker,
      timers: this.#deps.timers,
      message: this.#deps.takeMessage,
      events: {
        onReturned: (clients) => this.#events.onReturned(clients),
        onCut: (client) => this.#events.onCut(client),
        onStuck: () => {
          this.#stuck = true;
          this.#deps.log.warn({ relay: this.name }, 'takes no clients: it gets no more for now');
        },
        onRoom: () => this.#events.onAvailable(),
      },
    });
  }

  #onExit(exit: ProcessExit): void {
    for (const [edge, bytes] of this.#sentBytes) {
      this.#sentBefore.set(edge, (this.#sentBefore.get(edge) ?? 0) + bytes);
    }
    this.#sentBytes = new Map();
    this.#reading = 0;
    this.#process = null;
    const queue = this.#queue;
    this.#queue = null;
    // First: who only waited for it is not gone with it.
    queue?.close();
    this.#events.onExit();
    if (this.#stopping) return;
    this.#deps.log.warn({ relay: this.name, ...exit }, 'a relay process ended');
    this.#again();
  }

  #again(): void {
    const at = this.#deps.timers.monotonic();
    const readyForMs = this.#helloAt === null ? null : at - this.#helloAt;
    this.#helloAt = null;
    const decision = decideRestart(this.#history, { at, readyForMs }, RELAY_RESTARTS, this.#deps.random());
    this.#history = decision.history;
    const delayMs = decision.type === 'restart' ? decision.delayMs : RELAY_RESTARTS.maxDelayMs;
    this.#deps.timers.after(delayMs, () => this.launch());
  }
}
