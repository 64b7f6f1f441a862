import { type CloseReason, MAX_CLIENTS_PER_MESSAGE } from '@dolphin/protocol';
import type { ClientLedger } from '../domain/client-ledger.js';
import { byChild, type ClientChild } from './client-children.js';
import type { Client } from './ports.js';

/** The places where a client can be, from accept to an edge. */
export interface ClientPlaces {
  readonly ledger: ClientLedger;
  /** Takes it back from where it waits in this process; null: it does not. */
  withdraw(id: number): Client | null;
  /** To an edge's process, or a relay's. */
  say(child: ClientChild, message: object): void;
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
    const there: number[] = [];
    let closed = 0;
    for (const id of ids) {
      const client = this.#places.withdraw(id);
      if (client !== null) {
        closed += 1;
        this.#places.onClosedHere(client, why);
      } else if (this.#places.ledger.edgeOf(id) !== null && !this.#asked.has(id)) {
        closed += 1;
        this.#asked.set(id, why);
        there.push(id);
      }
    }
    for (const { child, ids: its } of byChild(there, this.#places.ledger).values()) {
      for (let from = 0; from < its.length; from += MAX_CLIENTS_PER_MESSAGE) {
        this.#places.say(child, { type: 'close', ids: its.slice(from, from + MAX_CLIENTS_PER_MESSAGE), why });
      }
    }
    return closed;
  }
}
