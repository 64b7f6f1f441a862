import type { ClientBytes, ClientNews, CloseReason, SessionEnd } from '@dolphin/protocol';
import { ByteCounts } from './byte-counts.js';
import type { ClientChild } from './client-children.js';
import { ClientCloser } from './client-closer.js';
import type { EdgeRunner } from './edge-runner.js';
import type { HandOffLines } from './hand-off-lines.js';
import type { Client, Timers } from './ports.js';
import type { RelayPool } from './relay-pool.js';
import type { Sessions } from './sessions.js';
import type { WaitingRoom } from './waiting-room.js';

export interface ClientDeskDeps {
  readonly timers: Timers;
  readonly sessions: Sessions;
  readonly runners: () => readonly EdgeRunner[];
  readonly waiting: WaitingRoom;
  readonly lines: HandOffLines;
  /** Null: there is no pool yet. */
  readonly relays: () => RelayPool | null;
}

/** Clients from when they have been routed to their end: what their processes tell of them, and what is asked of these. */
export class ClientDesk {
  readonly #deps: ClientDeskDeps;
  readonly #closer: ClientCloser;
  readonly #counts: ByteCounts;

  constructor(deps: ClientDeskDeps) {
    this.#deps = deps;
    const { ledger } = deps.sessions;
    const say = (child: ClientChild, message: object) => this.#say(child, message);
    this.#closer = new ClientCloser({
      ledger,
      withdraw: (id) => this.#withdraw(id),
      say,
      onClosedHere: (client, why) => this.#closeHere(client, why),
    });
    this.#counts = new ByteCounts({ ledger, timers: deps.timers, say });
  }

  /** `isThere`: that process has this client. What it says of another's is not believed. */
  onNews(news: ClientNews, isThere: (id: number) => boolean): void {
    const { sessions } = this.#deps;
    switch (news.type) {
      case 'left':
        for (const client of news.clients) if (isThere(client.id)) this.gone(client.id, client.end, client);
        return;
      case 'uses':
        for (const { id, stream, use } of news.clients) if (isThere(id)) sessions.uses(id, stream, use);
        return;
      case 'counts':
        this.#counts.onCounts(news.ask, news.clients);
        return;
      default:
        news satisfies never;
    }
  }

  /** The process of an edge is gone, and those it had itself with it. */
  onEdgeExit(edge: string, end: 'edge-died' | 'edge-stopped'): void {
    const { sessions } = this.#deps;
    for (const id of sessions.ledger.handedTo(edge)) this.gone(id, end, null);
    sessions.edgeEnded(edge, end);
    this.#counts.onChildEnded({ edge, via: null });
  }

  onRelayExit(via: string, end: 'relay-died' | 'pod-stopped'): void {
    const { sessions, waiting } = this.#deps;
    for (const id of [...sessions.ledger.carriedBy(via), ...waiting.heldBy(via)]) this.gone(id, end, null);
    this.#counts.onChildEnded({ edge: '', via });
  }

  gone(id: number, end: SessionEnd, bytes: ClientBytes | null): void {
    this.#deps.sessions.end(id, end, bytes);
    this.#deps.waiting.withdraw(id);
    this.#deps.relays()?.forget(id);
    this.#closer.forget(id);
  }

  close(ids: Iterable<number>, why: CloseReason): number {
    return this.#closer.close(ids, why);
  }

  /** It came back from the way to a process. True: it was to be closed, and is. */
  closeIfAsked(client: Client): boolean {
    const why = this.#closer.reasonFor(client.id);
    if (why === null) return false;
    this.#closeHere(client, why);
    return true;
  }

  countBytes(ids: readonly number[]): Promise<Map<number, ClientBytes>> {
    return this.#counts.of(ids);
  }

  #closeHere(client: Client, why: CloseReason): void {
    this.gone(client.id, why, null);
    client.socket.destroy();
  }

  #withdraw(id: number): Client | null {
    const { sessions, waiting, lines, relays } = this.#deps;
    const edge = sessions.ledger.edgeOf(id);
    if (edge === null) return waiting.withdraw(id);
    const via = sessions.ledger.viaOf(id);
    return via === null ? lines.withdraw(edge, id) : (relays()?.withdraw(via, id) ?? null);
  }

  #say({ edge, via }: ClientChild, message: object): void {
    if (via === null) {
      const runner = this.#deps.runners().find(({ name }) => name === edge);
      runner?.process?.say(message);
    } else this.#deps.relays()?.say(via, message);
  }
}
