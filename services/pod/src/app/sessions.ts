import type { ClientBytes, EndedSession, Session, SessionEnd, StreamUse } from '@dolphin/protocol';
import { ClientLedger } from '../domain/client-ledger.js';
import { type SessionFacts, type SessionFilter, SessionTable } from '../domain/session-table.js';
import type { Client } from './ports.js';

/** An ended session that has no number yet. */
export type Ended = Omit<EndedSession, 'n'>;

/** Where ended sessions are written down. */
export interface SessionJournal {
  append(ended: Ended): void;
  /** Of sessions of this edge that were told to be `edge-closed` a moment ago: this was the reason. */
  edgeEnded(edge: string, end: 'edge-died' | 'edge-stopped'): void;
}

export interface SessionsDeps {
  /** Random per life of the pod: clients are counted from 1 in each. */
  readonly life: string;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly journal: SessionJournal;
}

/** The live sessions of this pod: begun at accept, ended once, each with its reason. */
export class Sessions {
  readonly ledger = new ClientLedger();
  readonly #table = new SessionTable(this.ledger);
  readonly #deps: SessionsDeps;

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
  }

  /** Those that wait for an edge included. */
  get count(): number {
    return this.#table.size;
  }

  countOf(address: string): number {
    return this.#table.countOf(address);
  }

  begin({ id, protocol, address }: Client): void {
    this.#table.begin({ id, protocol, address, acceptedAt: this.#deps.now() });
  }

  uses(id: number, stream: string, use: StreamUse): void {
    this.#table.uses(id, stream, use);
  }

  /** It is gone from table and ledger; nothing is written of one that is gone already. */
  end(id: number, end: SessionEnd, bytes: ClientBytes | null): void {
    const session = this.#table.end(id);
    if (session !== null) {
      const { sentBytes = null, receivedBytes = null } = bytes ?? {};
      // A relayed edge that ended hung up before its end was known here, or after.
      const why = end === 'edge-closed' ? (session.edgeEnd ?? end) : end;
      const endedAt = new Date(this.#deps.now()).toISOString();
      this.#deps.journal.append({ ...this.#show(session), sentBytes, receivedBytes, endedAt, end: why });
    }
    this.ledger.remove(id);
  }

  /** It was refused, which is counted elsewhere: no session. */
  drop(id: number): void {
    this.#table.end(id);
    this.ledger.remove(id);
  }

  /** The process of an edge is gone: its relayed clients will be told to be closed by it. */
  edgeEnded(edge: string, end: 'edge-died' | 'edge-stopped'): void {
    for (const id of this.ledger.relayedTo(edge)) {
      const session = this.#table.get(id);
      if (session !== null) session.edgeEnd = end;
    }
    this.#deps.journal.edgeEnded(edge, end);
  }

  /** The pod stops: nobody is left to tell of the others. */
  endAll(end: 'pod-stopped'): void {
    for (const { id } of [...this.#table.all()]) this.end(id, end, null);
  }

  find(filter: SessionFilter, limit: number): { total: number; ids: number[] } {
    const { total, sessions } = this.#table.find(filter, limit);
    return { total, ids: sessions.map(({ id }) => id) };
  }

  /** Null: it has ended. */
  show(id: number, bytes: ClientBytes | undefined): Session | null {
    const session = this.#table.get(id);
    if (session === null) return null;
    const { sentBytes = null, receivedBytes = null } = bytes ?? {};
    return { ...this.#show(session), sentBytes, receivedBytes };
  }

  /** The client whose session has this id; null: there is none. */
  clientOf(sessionId: string): number | null {
    const [, life, id] = /^([0-9a-f]+)-([1-9]\d{0,14})$/.exec(sessionId) ?? [];
    return life === this.#deps.life && this.#table.get(Number(id)) !== null ? Number(id) : null;
  }

  /** Clients of addresses for which this is true. */
  clientsFrom(isMeant: (address: string) => boolean): number[] {
    return [...this.#table.all()].flatMap(({ id, address }) => (isMeant(address) ? [id] : []));
  }

  #show({ id, protocol, address, acceptedAt, stream, use }: SessionFacts) {
    return {
      id: `${this.#deps.life}-${id}`,
      protocol,
      address,
      edge: this.ledger.edgeOf(id),
      via: this.ledger.viaOf(id),
      stream,
      use,
      acceptedAt: new Date(acceptedAt).toISOString(),
    };
  }
}
