import { type CloseReason, MAX_CLIENTS_PER_MESSAGE } from '@dolphin/protocol';
import type { ClientLedger } from '../domain/client-ledger.js';
import type { Client } from './ports.js';

/** The places where a client can be, from accept to an edge. */
export interface ClientPlaces {
  readonly ledger: ClientLedger;
  /** Takes it back from where it waits in this process; null: it does not. */
  withdraw(id: number): Client | null;
  /** To an edge's process, or a relay's. */
  say(child: { edge: string; via: string | null }, message: object): void;
  /** It was taken back: nobody but us has its socket. */
  onClosedHere(client: Client, why: CloseReason): void;
}

/**
 * Closes clients wherever they are. Who waits here is closed here; who was sent, taken or not, is closed by the process
 * that it was sent to, which reads `close` after the socket.
 */
export class ClientCloser {
  readonly #places: ClientPlaces;
  /** Who was asked about already: a second asking must not pile up in the channel of a child that does not read. */
  readonly #asked = new Map<number, CloseReason>();

  constructor(places: ClientPlaces) {
    this.#places = places;
  }

  /** Why this one is being closed; null: it is not. */
  reasonFor(id: number): CloseReason | null {
    return this.#asked.get(id) ?? null;
  }

  forget(id: number): void {
    this.#asked.delete(id);
  }

  /** How many were there to be closed; those asked for before are not counted again. */
  close(ids: Iterable<number>, why: CloseReason): number {
    const { ledger } = this.#places;
    const byChild = new Map<string, { edge: string; via: string | null; ids: number[] }>();
    let closed = 0;
    for (const id of ids) {
      const client = this.#places.withdraw(id);
      if (client !== null) {
        closed += 1;
        this.#places.onClosedHere(client, why);
        continue;
      }
      const edge = ledger.edgeOf(id);
      if (edge === null || this.#asked.has(id)) continue;
      closed += 1;
      this.#asked.set(id, why);
      const via = ledger.viaOf(id);
      const key = via === null ? `edge ${edge}` : `relay ${via}`;
      const child = byChild.get(key);
      if (child === undefined) byChild.set(key, { edge, via, ids: [id] });
      else child.ids.push(id);
    }
    for (const child of byChild.values()) {
      for (let from = 0; from < child.ids.length; from += MAX_CLIENTS_PER_MESSAGE) {
        const message = { type: 'close', ids: child.ids.slice(from, from + MAX_CLIENTS_PER_MESSAGE), why };
        this.#places.say(child, message);
      }
    }
    return closed;
  }
}
