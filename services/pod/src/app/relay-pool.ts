import type { ClientNews, RelayOpen, RelayTarget } from '@dolphin/protocol';
import { TOOK_GRACE_MS } from './hand-off-queue.js';
import type { Client, ClientSocket } from './ports.js';
import { RelayAnswers } from './relay-answers.js';
import { RelayLine, type RelayLineDeps, type RelayNews, type SharedPort } from './relay-line.js';
import { takeMessage } from './take-message.js';

/** A client that a relay process has accepted, and keeps. */
export interface HeldClient {
  readonly id: number;
  readonly protocol: Client['protocol'];
  readonly socket: ClientSocket;
  readonly address: string;
  /** The relay process. */
  readonly heldBy: string;
}

export interface RelayPoolEvents {
  onAvailable(): void;
  /** One of them took a client. */
  onTook(): void;
  /** One of them accepted a client: where shall it go? */
  onAccepted(client: HeldClient): void;
  /** One of them closed a client without asking. */
  onTurnedAway(reason: string, address: string): void;
  onRouted(id: number, edge: string, via: string): void;
  onConnectFailed(id: number, edge: string, via: string, code: string): void;
  onClients(via: string, news: ClientNews): void;
  /** It and its clients are gone. */
  onExit(via: string): void;
  onReturned(clients: readonly Client[]): void;
  onCut(client: Client): void;
}

/** How relay processes are to accept for themselves. */
export interface SharedPorts {
  readonly ports: readonly SharedPort[];
  readonly reception: Pick<RelayOpen, 'fronts'>;
}

/** A relay process speaks every second. */
const UNLISTEN_WITHIN_MS = 3000;

/** The `-w N` relay processes: started when the first edge needs one, started again when they die. */
export class RelayPool {
  readonly #lines: readonly RelayLine[];
  readonly #deps: Omit<RelayLineDeps, 'takeMessage'>;
  readonly #events: RelayPoolEvents;
  /** Where a client that is not yet connected may go. */
  readonly #targets = new Map<number, readonly RelayTarget[]>();
  readonly #answers = new Map<string, RelayAnswers>();
  /** The number of the last client that each has accepted. */
  readonly #lastId = new Map<string, number>();
  /** Null: the pod accepts, and hands sockets over. */
  #shared: SharedPorts | null = null;
  #onListening: (port: number) => void = () => undefined;
  #onListenFailed: (port: number, code: string) => void = () => undefined;
  #started = false;
  #stopping = false;

  constructor(count: number, deps: Omit<RelayLineDeps, 'takeMessage'>, events: RelayPoolEvents) {
    this.#deps = deps;
    this.#events = events;
    this.#lines = Array.from({ length: count }, (_, index) => this.#line(index));
  }

  /** Idempotent. */
  start(): void {
    if (this.#started || this.#stopping) return;
    this.#started = true;
    for (const line of this.#lines) line.launch();
  }

  /** Starts them, to accept for themselves. Resolves when each port has one that does, or with what cannot be listened on. */
  listen(shared: SharedPorts): Promise<{ port: number; code: string } | null> {
    this.#shared = shared;
    const awaited = new Set(shared.ports.map(({ port }) => port));
    return new Promise((resolve) => {
      this.#onListening = (port) => {
        awaited.delete(port);
        if (awaited.size === 0) resolve(null);
      };
      this.#onListenFailed = (port, code) => resolve({ port, code });
      this.start();
    });
  }

  /** Nobody new; who is there stays. */
  unlisten(): void {
    if (this.#shared === null) return;
    this.#shared = null;
    const { timers } = this.#deps;
    for (const line of this.#lines) {
      line.say({ type: 'unlisten' });
      const heard = line.up?.heard;
      // Each process has its copy of the ports. One that stands still keeps them open, and who connects hangs.
      timers.after(UNLISTEN_WITHIN_MS, () =>
        timers.after(TOOK_GRACE_MS, () => {
          if (heard !== undefined && line.up?.heard === heard) line.kill('it does not let go of the public ports');
        }),
      );
    }
  }

  /** Those that said hello, with how often they have spoken. */
  up(): { name: string; pid: number; heard: number }[] {
    return this.#lines.flatMap((line) => line.up ?? []);
  }

  /** Clients whose first words they read. */
  get reading(): number {
    return this.#lines.reduce((sum, line) => sum + line.reading, 0);
  }

  kill(name: string, why: string): void {
    this.#named(name)?.kill(why);
  }

  /** One is there, though it may be busy. */
  get isUp(): boolean {
    return this.#lines.some((line) => line.up !== null);
  }

  /** The relay to give a socket to: the one with the fewest clients, by `countVia`; null: none takes one now. */
  pick(countVia: (via: string) => number): string | null {
    let best: RelayLine | null = null;
    for (const line of this.#lines) {
      if (line.takesSockets && (best === null || countVia(line.name) < countVia(best.name))) best = line;
    }
    return best?.name ?? null;
  }

  /** `via`: what `pick` has just said. */
  push(via: string, client: Client, targets: readonly RelayTarget[]): void {
    this.#targets.set(client.id, targets);
    this.#named(via)?.push(client);
  }

  /** Says where a client goes that `via` holds; `http`: where, if it asks for HLS. */
  direct(via: string, id: number, targets: readonly RelayTarget[], http: readonly RelayTarget[] | null): void {
    this.#targets.set(id, targets);
    this.#answers.get(via)?.add({ id, targets: [...targets], ...(http && { http: [...http] }) });
  }

  /** Closes a client that `via` holds, by HTTP with an answer. */
  refuse(via: string, id: number, reason: string): void {
    this.#answers.get(via)?.add({ id, refusal: reason });
  }

  /** To the relay process `via`; one that is gone hears nothing, and has nobody. */
  say(via: string, message: object): void {
    this.#named(via)?.say(message);
  }

  /** Takes back a client that was not sent yet; null: it was. */
  withdraw(via: string, id: number): Client | null {
    return this.#named(via)?.withdraw(id) ?? null;
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
    return this.#lines.reduce((sum, line) => sum + line.sentBytesOf(edge), 0);
  }

  stop(): void {
    this.#stopping = true;
    for (const line of this.#lines) line.stop();
  }

  #named(name: string): RelayLine | undefined {
    return this.#lines.find((line) => line.name === name);
  }

  #line(index: number): RelayLine {
    const message = (client: Client) => ({ ...takeMessage(client), targets: this.targetsOf(client.id) });
    const line: RelayLine = new RelayLine(
      index,
      { ...this.#deps, takeMessage: message },
      {
        onHello: () => this.#open(line, index),
        onAvailable: () => this.#events.onAvailable(),
        onTook: () => this.#events.onTook(),
        onNews: (news) => this.#onNews(line.name, news),
        onExit: () => {
          this.#answers.delete(line.name);
          this.#events.onExit(line.name);
        },
        onReturned: (clients) => {
          for (const client of clients) this.forget(client.id);
          this.#events.onReturned(clients);
        },
        onCut: (client) => {
          this.forget(client.id);
          this.#events.onCut(client);
        },
      },
    );
    return line;
  }

  #open(line: RelayLine, index: number): void {
    if (this.#shared === null) return;
    this.#answers.set(line.name, new RelayAnswers((message) => line.say(message)));
    const idStep = this.#lines.length;
    // What a process before it has accepted and not told of is gone with it.
    const nextId = (this.#lastId.get(line.name) ?? index + 1 - idStep) + idStep;
    const open: RelayOpen = { type: 'open', nextId, idStep, ...this.#shared.reception };
    line.say(open);
    for (const port of this.#shared.ports) {
      line.share({ type: 'listen', protocol: port.protocol, port: port.port }, port);
    }
  }

  #onNews(via: string, news: RelayNews): void {
    switch (news.type) {
      case 'listening':
        this.#onListening(news.port);
        return;
      case 'listen-failed':
        this.#deps.log.error({ relay: via, port: news.port, code: news.code }, 'a relay process cannot listen');
        this.#onListenFailed(news.port, news.code);
        return;
      case 'accepted':
        for (const client of news.clients) {
          this.#lastId.set(via, client.id);
          this.#events.onAccepted(this.#held(via, client));
        }
        return;
      case 'turned-away':
        for (const { reason, address } of news.clients) this.#events.onTurnedAway(reason, address);
        return;
      case 'routed':
        for (const { id, edge } of news.clients) {
          this.forget(id);
          this.#events.onRouted(id, edge, via);
        }
        return;
      case 'connect-failed':
        this.#deps.log.warn({ edge: news.edge, code: news.code }, 'the relay could not connect to an edge');
        this.#events.onConnectFailed(news.id, news.edge, via, news.code);
        return;
      case 'left':
      case 'uses':
      case 'counts':
        this.#events.onClients(via, news);
        return;
      default:
        news satisfies never;
    }
  }

  #held(via: string, { id, protocol, address }: Extract<RelayNews, { type: 'accepted' }>['clients'][number]) {
    const socket = {
      destroyed: false,
      remoteAddress: address,
      destroy: () => {
        if (socket.destroyed) return;
        socket.destroyed = true;
        this.say(via, { type: 'close', ids: [id], why: 'kicked' });
      },
    };
    return { id, protocol, address, socket, heldBy: via };
  }
}
