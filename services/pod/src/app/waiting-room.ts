import type { Client, Timers } from './ports.js';

/** A killed edge is ready again in half a second; who waits longer than this would rather be told. */
export const WAIT_FOR_EDGE_MS = 2000;
/** Clients that wait for an edge: a burst, not a second backlog. */
export const MAX_WAITING = 4096;

interface Waiting {
  readonly client: Client;
  /** When it is refused. It keeps this over every try: edges that come and go must not make it wait for ever. */
  readonly until: number;
  readonly cancel: () => void;
}

/** Clients for whom there is no edge at the moment. */
export class WaitingRoom {
  readonly #waiting = new Map<number, Waiting>();
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** When a client that comes now has to be refused, in monotonic ms. */
  deadline(): number {
    return this.#timers.monotonic() + WAIT_FOR_EDGE_MS;
  }

  /** False: no seat left. `onLate` is called when its time is over. */
  add(client: Client, until: number, onLate: () => void): boolean {
    if (this.#waiting.size >= MAX_WAITING) return false;
    const cancel = this.#timers.after(until - this.#timers.monotonic(), () => {
      this.#waiting.delete(client.id);
      onLate();
    });
    this.#waiting.set(client.id, { client, until, cancel });
    return true;
  }

  /** Takes one out; null: it does not wait. */
  withdraw(id: number): Client | null {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return null;
    waiting.cancel();
    this.#waiting.delete(id);
    return waiting.client;
  }

  /** Calls everybody out, in the order in which they came; who still finds no edge comes back with the same time. */
  empty(route: (client: Client, until: number) => void): void {
    for (const { client, until, cancel } of [...this.#waiting.values()]) {
      cancel();
      this.#waiting.delete(client.id);
      route(client, until);
    }
  }
}
