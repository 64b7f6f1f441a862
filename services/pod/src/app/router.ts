import type { ClientNews, ClientProtocol, CloseReason } from '@dolphin/protocol';
import { type Candidate, chooseEdges } from '../domain/balancer.js';
import { ClientLedger } from '../domain/client-ledger.js';
import { readsProxyHeader } from '../domain/dialect.js';
import { ClientCloser } from './client-closer.js';
import type { EdgeRunner } from './edge-runner.js';
import { type HandOffLine, HandOffLines } from './hand-off-lines.js';
import type { Client, ClientSocket, Log, Timers } from './ports.js';
import type { RelayPool, RelayTarget } from './relay-pool.js';
import { WaitingRoom } from './waiting-room.js';

export type RefusalReason = 'no-edge' | 'no-ready-edge' | 'edges-full' | 'no-relay' | 'too-many-waiting' | 'stopping';

export interface RouterDeps {
  readonly timers: Timers;
  readonly log: Log;
  readonly mode: 'auto' | 'relay';
  readonly runners: () => readonly EdgeRunner[];
  /** Closes it, by HTTP with an answer. */
  readonly refuse: (client: Client, reason: RefusalReason) => void;
}

/** Takes accepted clients to edges: by hand-off where the edge takes sockets, otherwise through a relay process. */
export class Router {
  readonly ledger = new ClientLedger();
  readonly refused = new Map<RefusalReason | string, number>();
  readonly #deps: RouterDeps;
  readonly #lines: HandOffLines;
  readonly #waiting: WaitingRoom;
  readonly #closer: ClientCloser;
  #relays: RelayPool | null = null;
  #nextId = 1;
  #stopping = false;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
    this.#waiting = new WaitingRoom(deps.timers);
    this.#lines = new HandOffLines(deps, {
      onReturned: (clients) => this.onReturned(clients),
      onCut: (client) => this.onCut(client),
      onUnstuck: () => this.retryWaiting(),
    });
    this.#closer = new ClientCloser({
      ledger: this.ledger,
      withdraw: (id) => this.#withdraw(id),
      say: ({ edge, via }, message) => this.#say(edge, via, message),
      onClosedHere: (client) => {
        this.#gone(client.id);
        client.socket.destroy();
      },
    });
  }

  /** The pool and the router need each other; the pool is told of first. */
  useRelays(relays: RelayPool): void {
    this.#relays = relays;
  }

  accept(socket: ClientSocket, protocol: ClientProtocol): void {
    const client: Client = { id: this.#nextId++, protocol, socket };
    this.#route(client);
  }

  transportOf(runner: EdgeRunner): 'hand-off' | 'relay' | 'none' {
    if (runner.edge.role !== 'stream') return 'none';
    const takes = runner.takes('rtmp') || runner.takes('http');
    return this.#deps.mode === 'auto' && takes ? 'hand-off' : 'relay';
  }

  onEdgeStarted(runner: EdgeRunner): void {
    const relayed = this.#deps.mode === 'relay' || runner.process?.dialect !== 'builtin';
    if (runner.edge.role === 'stream' && relayed) this.#relays?.start();
  }

  onEdgeReady(runner: EdgeRunner): void {
    const { process } = runner;
    if (process === null || runner.edge.role !== 'stream') return;
    if (this.transportOf(runner) === 'relay') this.#relays?.start();
    else this.#lines.open(runner);
    this.retryWaiting();
  }

  /** It takes clients again. */
  onEdgeUndrained(): void {
    this.retryWaiting();
  }

  onEdgeClosing(runner: EdgeRunner): void {
    this.#lines.close(runner.name);
  }

  onEdgeExit(runner: EdgeRunner): void {
    // First: who only waited for it is not gone with it.
    this.#lines.close(runner.name);
    for (const id of this.ledger.handedTo(runner.name)) this.#gone(id);
  }

  onEdgeTook(runner: EdgeRunner, id: number): void {
    this.#lines.onTook(runner, id);
  }

  onEdgeClients(runner: EdgeRunner, news: ClientNews): void {
    this.#onNews(news, (id) => this.ledger.edgeOf(id) === runner.name && this.ledger.viaOf(id) === null);
  }

  onEdgeBeat(runner: EdgeRunner): void {
    this.#lines.onBeat(runner);
  }

  onRelayRouted(id: number, edge: string, via: string): void {
    if (this.ledger.edgeOf(id) !== null) this.ledger.put(id, edge, via);
  }

  /** It is counted at the next edge that the relay tries. */
  onRelayConnectFailed(id: number, edge: string, via: string): void {
    if (this.ledger.edgeOf(id) === null) return;
    const targets = this.#relays?.targetsOf(id) ?? [];
    const next = targets[targets.findIndex((target) => target.edge === edge) + 1];
    if (next !== undefined) this.ledger.put(id, next.edge, via);
  }

  onRelayClients(via: string, news: ClientNews): void {
    this.#onNews(news, (id) => this.ledger.viaOf(id) === via);
  }

  onRelayExit(via: string): void {
    for (const id of this.ledger.carriedBy(via)) this.#gone(id);
  }

  /** Closes these clients, wherever they are; the answer is how many. They are counted until their process says `left`. */
  closeClients(ids: Iterable<number>, why: CloseReason): number {
    return this.#closer.close(ids, why);
  }

  /** Sockets that were on the way to a child that cannot take them. */
  onReturned(clients: readonly Client[]): void {
    for (const client of clients) {
      this.ledger.remove(client.id);
      if (this.#closer.reasonFor(client.id) === null) {
        this.#route(client);
        continue;
      }
      this.#gone(client.id);
      client.socket.destroy();
    }
  }

  onCut(client: Client): void {
    this.#gone(client.id);
    this.#count('hand-off-lost');
  }

  retryWaiting(): void {
    this.#waiting.empty((client, until) => this.#route(client, until));
  }

  countRefused(reason: string): void {
    this.#count(reason);
  }

  /** Nobody new; who waits is refused. */
  stop(): void {
    this.#stopping = true;
    this.retryWaiting();
  }

  #route(client: Client, until = this.#waiting.deadline()): void {
    if (client.socket.destroyed) return;
    if (this.#stopping) {
      this.#refuse(client, 'stopping');
      return;
    }
    const runners = this.#deps.runners().filter((runner) => runner.edge.role === 'stream');
    const choice = chooseEdges(runners.map((runner) => this.#candidate(runner, client.protocol)));
    if (choice.type === 'none') {
      if (choice.reason === 'edges-full') {
        this.#refuse(client, 'edges-full');
        return;
      }
      this.#wait(client, choice.reason, until);
      return;
    }
    const ranked = choice.names.flatMap((name) => runners.filter((runner) => runner.name === name));
    const [best] = ranked;
    if (best === undefined) {
      this.#refuse(client, 'no-edge');
      return;
    }
    const line = this.#lineFor(best, client.protocol);
    if (line !== null) {
      this.ledger.put(client.id, best.name, null);
      if (line.queue.push(client)) return;
      this.ledger.remove(client.id);
      this.#refuse(client, 'edges-full');
      return;
    }
    this.#relay(client, best, ranked, until);
  }

  #relay(client: Client, best: EdgeRunner, ranked: readonly EdgeRunner[], until: number): void {
    const targets = ranked.flatMap((runner) => targetOf(runner, client.protocol)).slice(0, 64);
    const via = this.#relays?.pick((name) => this.ledger.countVia(name)) ?? null;
    if (via === null || targets.length === 0) {
      this.#wait(client, 'no-relay', until);
      return;
    }
    this.ledger.put(client.id, best.name, via);
    if (this.#relays?.push(via, client, targets)) return;
    this.ledger.remove(client.id);
    this.#refuse(client, 'no-relay');
  }

  #candidate(runner: EdgeRunner, protocol: ClientProtocol): Candidate {
    const line = this.#lineFor(runner, protocol);
    const clients = this.ledger.countAt(runner.name);
    return {
      name: runner.name,
      ready: runner.state === 'ready' && line?.stuck !== true,
      clients,
      full: line?.queue.full === true || clients >= (runner.process?.admits ?? 0),
    };
  }

  /** Null: its clients of this protocol are relayed. */
  #lineFor(runner: EdgeRunner, protocol: ClientProtocol): HandOffLine | null {
    return this.#deps.mode === 'relay' ? null : this.#lines.to(runner, protocol);
  }

  #wait(client: Client, reason: RefusalReason, until: number): void {
    const hasSeat = this.#waiting.add(client, until, () => this.#refuse(client, reason));
    if (!hasSeat) this.#refuse(client, 'too-many-waiting');
  }

  #onNews(news: ClientNews, isThere: (id: number) => boolean): void {
    if (news.type !== 'left') return;
    for (const { id } of news.clients) if (isThere(id)) this.#gone(id);
  }

  #gone(id: number): void {
    this.ledger.remove(id);
    this.#relays?.forget(id);
    this.#closer.forget(id);
  }

  #withdraw(id: number): Client | null {
    const edge = this.ledger.edgeOf(id);
    if (edge === null) return this.#waiting.withdraw(id);
    const via = this.ledger.viaOf(id);
    return via === null ? this.#lines.withdraw(edge, id) : (this.#relays?.withdraw(via, id) ?? null);
  }

  #say(edge: string, via: string | null, message: object): void {
    if (via !== null) this.#relays?.say(via, message);
    else
      this.#deps
        .runners()
        .find((runner) => runner.name === edge)
        ?.process?.say(message);
  }

  #refuse(client: Client, reason: RefusalReason): void {
    this.#count(reason);
    this.#deps.refuse(client, reason);
  }

  #count(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }
}

function targetOf(runner: EdgeRunner, protocol: ClientProtocol): RelayTarget[] {
  const port = protocol === 'rtmp' ? runner.edge.ports.rtmp : runner.edge.ports.http;
  if (port === undefined) return [];
  const proxyHeader = runner.process !== null && readsProxyHeader(runner.process.dialect);
  return [{ edge: runner.name, host: '127.0.0.1', port, proxyHeader }];
}
