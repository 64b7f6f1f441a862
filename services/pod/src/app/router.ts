import {
  type ClientBytes,
  type ClientNews,
  type ClientProtocol,
  type CloseReason,
  hasViewers,
} from '@dolphin/protocol';
import { normalAddress } from '../domain/client-address.js';
import type { ClientLedger } from '../domain/client-ledger.js';
import { ClientDesk } from './client-desk.js';
import { type BalancePolicy, EdgeChooser } from './edge-chooser.js';
import { EdgeLineUp } from './edge-line-up.js';
import type { EdgeRunner } from './edge-runner.js';
import { type HandOffLine, HandOffLines } from './hand-off-lines.js';
import type { LimitsDesk } from './limits-desk.js';
import type { Client, ClientSocket, Log, Timers } from './ports.js';
import type { KnownOfClient } from './reception.js';
import type { RefusalReason } from './refusal-reason.js';
import { RefusalTally } from './refusal-tally.js';
import type { HeldClient, RelayPool } from './relay-pool.js';
import { RelayRoute } from './relay-route.js';
import type { Sessions } from './sessions.js';
import { type Patience, WaitingRoom } from './waiting-room.js';

export interface RouterDeps {
  readonly timers: Timers;
  readonly log: Log;
  readonly mode: 'auto' | 'relay';
  /** Where edges listen. */
  readonly privateAddress: string;
  readonly runners: () => readonly EdgeRunner[];
  readonly balance: BalancePolicy;
  /** ms since 1970, for people. */
  readonly now: () => number;
  /** Explains each choice in the log; null: nobody reads that. */
  readonly explain: ((details: object, message: string) => void) | null;
  readonly sessions: Sessions;
  readonly limits: Pick<LimitsDesk, 'refusal' | 'allows' | 'clientsAt'>;
  /** Closes it, by HTTP with an answer. */
  readonly refuse: (client: Client, reason: RefusalReason) => void;
}

/** Takes accepted clients to edges: by hand-off where the edge takes sockets, otherwise through a relay process. */
export class Router {
  readonly ledger: ClientLedger;
  readonly #sessions: Sessions;
  readonly #tally: RefusalTally;
  readonly #deps: RouterDeps;
  /** Which edge is best, and how they did. */
  readonly chooser: EdgeChooser;
  readonly lineUp: EdgeLineUp;
  readonly #lines: HandOffLines;
  readonly #waiting: WaitingRoom;
  readonly #desk: ClientDesk;
  readonly relayRoute: RelayRoute;
  #relays: RelayPool | null = null;
  #nextId = 1;
  #stopping = false;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
    this.#sessions = deps.sessions;
    this.ledger = deps.sessions.ledger;
    this.#tally = new RefusalTally(deps);
    this.#waiting = new WaitingRoom(deps.timers);
    const lineFor = (runner: EdgeRunner, protocol: ClientProtocol) => this.#lineFor(runner, protocol);
    this.lineUp = new EdgeLineUp({ ...deps, ledger: this.ledger, lineFor });
    this.chooser = new EdgeChooser({
      ...deps,
      policy: deps.balance,
      edges: (like) => this.lineUp.like(like),
      onReturned: () => this.retryWaiting(),
    });
    this.#lines = new HandOffLines(deps, {
      onReturned: (clients) => this.onReturned(clients),
      onCut: (client) => this.onCut(client),
      onNotTaken: (edge, died) => this.chooser.onFailure(edge, died ? 'died-before-taking' : 'not-taken'),
      onTaken: (edge) => {
        this.#waiting.moved();
        this.chooser.onTaken(edge);
      },
      onRoom: () => this.retryWaiting(),
    });
    const [waiting, lines] = [this.#waiting, this.#lines];
    this.#desk = new ClientDesk({ ...deps, waiting, lines, relays: () => this.#relays });
    this.relayRoute = new RelayRoute({
      pool: () => this.#relays,
      sessions: deps.sessions,
      chooser: this.chooser,
      privateAddress: deps.privateAddress,
    });
  }

  /** Since start, by reason. */
  get refused(): ReadonlyMap<string, number> {
    return this.#tally.totals;
  }

  /** The pool and the router need each other; the pool is told of first. */
  useRelays(relays: RelayPool): void {
    this.#relays = relays;
  }

  /** A client that the pod has accepted. */
  accept(socket: ClientSocket, protocol: ClientProtocol, { isAdmitted = false, ...known }: KnownOfClient = {}): void {
    const address = known.address ?? normalAddress(socket.remoteAddress);
    this.#begin({ id: this.#nextId++, protocol, socket, ...known, address }, isAdmitted);
  }

  /** A client that a relay process has accepted. */
  onRelayAccepted(client: HeldClient): void {
    this.#begin(client, false);
  }

  #begin(client: Client, isAdmitted: boolean): void {
    const { limits } = this.#deps;
    // The rules may have changed while it was read.
    const refusal = !isAdmitted ? limits.refusal(client.address) : limits.allows(client.address) ? null : 'denied';
    if (refusal !== null) {
      this.#refuse(client, refusal);
      return;
    }
    this.#sessions.begin(client);
    this.#route(client);
  }

  transportOf(runner: EdgeRunner): 'hand-off' | 'relay' | 'none' {
    if (!hasViewers(runner.edge.role)) return 'none';
    const takes = runner.takes('rtmp') || runner.takes('http');
    return this.#deps.mode === 'auto' && takes ? 'hand-off' : 'relay';
  }

  onEdgeStarted(runner: EdgeRunner): void {
    const relayed = this.#deps.mode === 'relay' || runner.process?.dialect !== 'builtin';
    if (hasViewers(runner.edge.role) && relayed) this.#relays?.start();
  }

  onEdgeReady(runner: EdgeRunner): void {
    const { process } = runner;
    if (process === null || !hasViewers(runner.edge.role)) return;
    this.chooser.onReady(runner.name, runner);
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
    this.#desk.onEdgeExit(runner.name, runner.state === 'exited' ? 'edge-stopped' : 'edge-died');
  }

  onEdgeTook(runner: EdgeRunner, id: number): void {
    this.#lines.onTook(runner, id);
  }

  onEdgeClients(runner: EdgeRunner, news: ClientNews): void {
    this.#desk.onNews(news, (id) => this.ledger.edgeOf(id) === runner.name && this.ledger.viaOf(id) === null);
  }

  onEdgeBeat(runner: EdgeRunner): void {
    this.#lines.onBeat(runner);
  }

  onRelayTook(): void {
    this.#waiting.moved();
  }

  onRelayClients(via: string, news: ClientNews): void {
    this.#desk.onNews(news, (id) => this.ledger.viaOf(id) === via || this.#waiting.holderOf(id) === via);
  }

  onRelayExit(via: string): void {
    this.#desk.onRelayExit(via, this.#stopping ? 'pod-stopped' : 'relay-died');
  }

  /** Closes these clients, wherever they are; the answer is how many. They are counted until their process says `left`. */
  closeClients(ids: Iterable<number>, why: CloseReason): number {
    return this.#desk.close(ids, why);
  }

  /** Bytes of these clients' connections, as far as their processes say so in time. */
  countBytes(ids: readonly number[]): Promise<Map<number, ClientBytes>> {
    return this.#desk.countBytes(ids);
  }

  /** Sockets that were on the way to a child that cannot take them. */
  onReturned(clients: readonly Client[]): void {
    for (const client of clients) {
      this.ledger.remove(client.id);
      if (!this.#desk.closeIfAsked(client)) this.#route(client);
    }
  }

  onCut(client: Client): void {
    this.#desk.gone(client.id, 'hand-off-lost', null);
    this.#tally.count('hand-off-lost', client.address);
  }

  retryWaiting(): void {
    this.#waiting.empty((client, patience) => this.#route(client, patience));
  }

  countRefused(reason: string, address: string): void {
    this.#tally.count(reason, address);
  }

  /** Nobody new; who waits is refused. */
  stop(): void {
    this.#stopping = true;
    this.retryWaiting();
    this.#tally.tell();
  }

  #route(client: Client, patience = this.#waiting.patience()): void {
    if (client.socket.destroyed) {
      this.#desk.gone(client.id, 'client-left', null);
      return;
    }
    if (this.#stopping) {
      this.#refuse(client, 'stopping');
      return;
    }
    const runners = this.lineUp.of(client.role ?? 'stream');
    const edges = runners.map((runner) => this.lineUp.now(runner, client.protocol));
    const choice = this.chooser.choose(client, edges);
    if (choice.type === 'none') {
      if (choice.reason === 'edges-full') {
        this.#refuse(client, 'edges-full');
        return;
      }
      this.#wait(client, choice.reason, patience);
      return;
    }
    const ranked = choice.names.flatMap((name) => runners.filter((runner) => runner.name === name));
    const [best] = ranked;
    if (best === undefined) throw new Error('an edge was chosen that is not there');
    const line = this.#lineFor(best, client.protocol);
    if (line === null) {
      const reason = this.relayRoute.send(client, ranked, this.lineUp.httpBeside(client));
      if (reason !== null) this.#wait(client, reason, patience);
      return;
    }
    this.ledger.put(client.id, best.name, null);
    line.queue.push(client);
  }

  /** Null: its clients of this protocol are relayed. */
  #lineFor(runner: EdgeRunner, protocol: ClientProtocol): HandOffLine | null {
    return this.#deps.mode === 'relay' ? null : this.#lines.to(runner, protocol);
  }

  #wait(client: Client, reason: RefusalReason, patience: Patience): void {
    const isTurn = reason === 'edges-busy' || reason === 'relays-busy';
    const waitsFor = isTurn ? 'turn' : reason === 'no-relay' ? 'relay' : 'edge';
    const hasSeat = this.#waiting.add(client, { patience, waitsFor, onLate: () => this.#refuse(client, reason) });
    if (!hasSeat) this.#refuse(client, 'too-many-waiting');
  }

  #refuse(client: Client, reason: RefusalReason): void {
    this.#tally.count(reason, client.address);
    this.#sessions.drop(client.id);
    this.#deps.refuse(client, reason);
  }
}
