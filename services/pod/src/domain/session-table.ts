import type { ClientProtocol, StreamUse } from '@dolphin/protocol';
import type { ClientLedger } from './client-ledger.js';
import { addressKey, type IpPrefix, isWithin, parseAddress } from './ip-prefix.js';
import { isMeantBy } from './slot-sides.js';

/** What is known of a client from its accept on; where it is, the ledger knows. */
export interface SessionFacts {
  readonly id: number;
  readonly protocol: ClientProtocol;
  readonly address: string;
  /** Wall clock, ms. */
  readonly acceptedAt: number;
  stream: string | null;
  use: StreamUse | null;
  /** What became of the edge that it is relayed to; null: it lives. */
  edgeEnd: 'edge-died' | 'edge-stopped' | null;
}

export interface SessionFilter {
  /** A slot's name means the edges of both its sides. */
  readonly edge?: string;
  readonly address?: IpPrefix;
  readonly stream?: string;
  readonly protocol?: ClientProtocol;
}

/** All clients of this pod, those that wait included. Counts are sizes, as in the ledger. */
export class SessionTable {
  readonly #sessions = new Map<number, SessionFacts>();
  readonly #byAddress = new Map<string, Set<number>>();
  readonly #where: ClientLedger;

  constructor(where: ClientLedger) {
    this.#where = where;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Of this address, or its /64. */
  countOf(address: string): number {
    return this.#byAddress.get(addressKey(address))?.size ?? 0;
  }

  begin(session: Pick<SessionFacts, 'id' | 'protocol' | 'address' | 'acceptedAt'>): void {
    this.#sessions.set(session.id, { ...session, stream: null, use: null, edgeEnd: null });
    const key = addressKey(session.address);
    const ofAddress = this.#byAddress.get(key);
    if (ofAddress === undefined) this.#byAddress.set(key, new Set([session.id]));
    else ofAddress.add(session.id);
  }

  get(id: number): SessionFacts | null {
    return this.#sessions.get(id) ?? null;
  }

  uses(id: number, stream: string, use: StreamUse): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) Object.assign(session, { stream, use });
  }

  /** Null: there was none. */
  end(id: number): SessionFacts | null {
    const session = this.#sessions.get(id);
    if (session === undefined) return null;
    this.#sessions.delete(id);
    const key = addressKey(session.address);
    const ofAddress = this.#byAddress.get(key);
    ofAddress?.delete(id);
    if (ofAddress?.size === 0) this.#byAddress.delete(key);
    return session;
  }

  all(): IterableIterator<SessionFacts> {
    return this.#sessions.values();
  }

  /** The first `limit` by age, and how many there are. */
  find(filter: SessionFilter, limit: number): { total: number; sessions: SessionFacts[] } {
    const sessions: SessionFacts[] = [];
    let total = 0;
    for (const session of this.#sessions.values()) {
      if (!this.#isMeant(session, filter)) continue;
      total += 1;
      if (sessions.length < limit) sessions.push(session);
    }
    return { total, sessions };
  }

  #isMeant(session: SessionFacts, { edge, address, stream, protocol }: SessionFilter): boolean {
    if (edge !== undefined) {
      const at = this.#where.edgeOf(session.id);
      if (at === null || !isMeantBy(edge, at)) return false;
    }
    if (stream !== undefined && session.stream !== stream) return false;
    if (protocol !== undefined && session.protocol !== protocol) return false;
    if (address === undefined) return true;
    const parsed = parseAddress(session.address);
    return parsed !== null && isWithin(parsed, address);
  }
}
