import type { ClientProtocol } from '@dolphin/protocol';
import { type Candidate, chooseEdges } from '../domain/balancer.js';
import { ClientLedger } from '../domain/client-ledger.js';
import { readsProxyHeader } from '../domain/dialect.js';
import type { EdgeRunner } from './edge-runner.js';
import { HandOffQueue } from './hand-off-queue.js';
import type { Client, ClientSocket, Log, Timers } from './ports.js';
import type { RelayPool, RelayTarget } from './relay-pool.js';

/** A killed edge is ready again in half a second; who waits longer than this would rather be told. */
export const WAIT_FOR_EDGE_MS = 2000;
/** Clients that wait for an edge: a burst, not a second backlog. */
export const MAX_WAITING = 4096;

export type RefusalReason = 'no-edge' | 'no-ready-edge' | 'edges-full' | 'no-relay' | 'too-many-waiting' | 'stopping';

export interface RouterDeps {
  readonly timers: Timers;
  readonly log: Log;
  readonly mode: 'auto' | 'relay';
  readonly runners: () => readonly EdgeRunner[];
  /** Closes it, by HTTP with an answer. */
  readonly refuse: (client: Client, reason: RefusalReason) => void;
}

interface HandOffLine {
  readonly runner: EdgeRunner;
  readonly pid: number;
  readonly queue: HandOffQueue;
  stuck: boolean;
}

interface Waiting {
  readonly client: Client;
  /** When it is refused. It keeps this over every try: edges that come and go must not make it wait for ever. */
  readonly until: number;
  readonly cancel: () => void;
}

/** Takes accepted clients to edges: by hand-off where the edge takes sockets, otherwise through a relay process. */
export class Router {
  readonly ledger = new ClientLedger();
  readonly refused = new Map<RefusalReason | string, number>();
  readonly #deps: RouterDeps;
  readonly #lines = new Map<string, HandOffLine>();
  readonly #waiting = new Map<number, Waiting>();
  #relays: RelayPool | null = null;
  #nextId = 1;
  #stopping = false;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
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
    else this.#lines.set(runner.name, this.#lineTo(runner));
    this.retryWaiting();
  }

  onEdgeClosing(runner: EdgeRunner): void {
    this.#closeLine(runner.name);
  }

  onEdgeExit(runner: EdgeRunner): void {
    this.ledger.removeHandedTo(runner.name);
    this.#closeLine(runner.name);
  }

  onEdgeTook(runner: EdgeRunner, id: number): void {
    const line = this.#lines.get(runner.name);
    if (line === undefined) return;
    line.queue.took(id);
    this.#unstick(line);
  }

  onEdgeLeft(runner: EdgeRunner, ids: readonly number[]): void {
    for (const id of ids) if (this.ledger.edgeOf(id) === runner.name) this.ledger.remove(id);
  }

  onEdgeBeat(runner: EdgeRunner): void {
    const line = this.#lines.get(runner.name);
    if (line !== undefined) this.#unstick(line);
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

  onRelayLeft(ids: readonly number[]): void {
    for (const id of ids) this.ledger.remove(id);
  }

  onRelayExit(via: string): void {
    this.ledger.removeVia(via);
  }

  /** Sockets that were on the way to a child that cannot take them. */
  onReturned(clients: readonly Client[]): void {
    for (const client of clients) {
      this.ledger.remove(client.id);
      this.#route(client);
    }
  }

  onCut(client: Client): void {
    this.ledger.remove(client.id);
    this.#count('hand-off-lost');
  }

  retryWaiting(): void {
    for (const { client, until, cancel } of [...this.#waiting.values()]) {
      cancel();
      this.#waiting.delete(client.id);
      this.#route(client, until);
    }
  }

  countRefused(reason: string): void {
    this.#count(reason);
  }

  /** Nobody new; who waits is refused. */
  stop(): void {
    this.#stopping = true;
    this.retryWaiting();
  }

  #route(client: Client, until = this.#deps.timers.monotonic() + WAIT_FOR_EDGE_MS): void {
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
    if (this.#deps.mode === 'relay' || !runner.takes(protocol)) return null;
    const line = this.#lines.get(runner.name);
    if (line !== undefined && line.pid === runner.process?.pid) return line;
    // Its `hello` came later than its readiness.
    if (runner.state !== 'ready' || runner.process === null) return null;
    const late = this.#lineTo(runner);
    this.#lines.set(runner.name, late);
    return late;
  }

  #lineTo(runner: EdgeRunner): HandOffLine {
    const { process } = runner;
    if (process === null) throw new Error('an edge without a process takes no sockets');
    const line: HandOffLine = {
      runner,
      pid: process.pid,
      stuck: false,
      queue: new HandOffQueue({
        taker: process,
        timers: this.#deps.timers,
        message: (client) => ({ type: 'take', id: client.id, protocol: client.protocol }),
        events: {
          onReturned: (clients) => this.onReturned(clients),
          onCut: (client) => this.onCut(client),
          onStuck: () => {
            line.stuck = true;
            this.#deps.log.warn({ edge: runner.name, pid: process.pid }, 'takes no clients: it gets no more for now');
          },
        },
      }),
    };
    return line;
  }

  #unstick(line: HandOffLine): void {
    if (!line.stuck) return;
    line.stuck = false;
    this.#deps.log.info({ edge: line.runner.name }, 'takes clients again');
    this.retryWaiting();
  }

  #closeLine(name: string): void {
    const line = this.#lines.get(name);
    if (line === undefined) return;
    this.#lines.delete(name);
    line.queue.close();
  }

  #wait(client: Client, reason: RefusalReason, until: number): void {
    if (this.#waiting.size >= MAX_WAITING) {
      this.#refuse(client, 'too-many-waiting');
      return;
    }
    const cancel = this.#deps.timers.after(until - this.#deps.timers.monotonic(), () => {
      this.#waiting.delete(client.id);
      this.#refuse(client, reason);
    });
    this.#waiting.set(client.id, { client, until, cancel });
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
