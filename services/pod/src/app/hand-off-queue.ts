import type { Client, SocketTaker, Timers } from './ports.js';

/** One second of hand-offs to a child that is busy (1,300-2,600 were measured): more would wait longer than they like. */
export const MAX_QUEUED_HAND_OFFS = 2048;
/**
 * A queue that was full takes clients again when so many wait: not one by one, each with a look at all who wait outside,
 * and with newcomers on the seats of those.
 */
const ROOM_AGAIN_AT = MAX_QUEUED_HAND_OFFS / 2;
/** A child that takes no socket for this long is frozen or overloaded. */
export const TOOK_WITHIN_MS = 1000;
/** If it was our own loop that stood still, the answer lies in the channel: it is read before the child is judged. */
export const TOOK_GRACE_MS = 20;

export interface HandOffEvents {
  /** Not sent: these can go elsewhere, in this order. */
  onReturned(clients: Client[]): void;
  /** It was on the way and is closed: nobody knows what the child did with it. Or it broke while it waited. */
  onCut(client: Client): void;
  /** No `took` in time: give it nothing more until it speaks again. */
  onStuck(): void;
  /** It was full, and takes clients again. */
  onRoom(): void;
}

interface InFlight {
  readonly client: Client;
  readonly cut: () => void;
  readonly cancelTimer: () => void;
}

/**
 * The sockets on the way to one child: one in flight, the others wait here. Node calls a message with a socket sent
 * when it is written, which says nothing about the child: a socket written to a child that dies is lost without an
 * event, and its player hangs. What waits here is not.
 */
export class HandOffQueue {
  readonly #waiting: Client[] = [];
  readonly #taker: SocketTaker;
  readonly #message: (client: Client) => object;
  readonly #events: HandOffEvents;
  readonly #timers: Timers;
  #inFlight: InFlight | null = null;
  #closed = false;
  #wasFull = false;

  constructor(o: {
    taker: SocketTaker;
    message: (client: Client) => object;
    events: HandOffEvents;
    timers: Timers;
  }) {
    this.#taker = o.taker;
    this.#message = o.message;
    this.#events = o.events;
    this.#timers = o.timers;
  }

  /** Also when its child is gone. Once full, it stays so until `onRoom`. */
  get full(): boolean {
    return this.#closed || this.#wasFull;
  }

  /** Only while it is not full. */
  push(client: Client): void {
    if (this.full) throw new Error('a full queue takes no clients');
    this.#waiting.push(client);
    this.#next();
    this.#wasFull ||= this.#waiting.length >= MAX_QUEUED_HAND_OFFS;
  }

  /** The child said `took`. Late ones, of a socket that was given up, are nobody's any more: false. */
  took(id: number): boolean {
    const flight = this.#inFlight;
    if (flight === null || flight.client.id !== id) return false;
    flight.cancelTimer();
    this.#inFlight = null;
    this.#next();
    this.#tellRoom();
    return true;
  }

  /** Takes back a client that still waits here; null: it was sent, or never came. */
  withdraw(id: number): Client | null {
    const index = this.#waiting.findIndex((client) => client.id === id);
    const [client = null] = index === -1 ? [] : this.#waiting.splice(index, 1);
    this.#tellRoom();
    return client;
  }

  /** The child exited, or is asked to go: nothing more goes to it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#giveUp();
  }

  #tellRoom(): void {
    if (!this.#wasFull || this.#closed || this.#waiting.length > ROOM_AGAIN_AT) return;
    this.#wasFull = false;
    this.#events.onRoom();
  }

  #next(): void {
    while (!this.#closed && this.#inFlight === null) {
      const client = this.#waiting.shift();
      if (client === undefined) return;
      if (client.socket.destroyed) {
        this.#events.onCut(client);
        continue;
      }
      let failed = false;
      const sent = this.#taker.send(this.#message(client), client.socket, () => {
        failed = true;
        this.#sendFailed(client);
      });
      if (failed) return;
      let cancelTimer = this.#timers.after(TOOK_WITHIN_MS, () => {
        cancelTimer = this.#timers.after(TOOK_GRACE_MS, () => {
          // First, or what is returned would come straight back.
          this.#events.onStuck();
          this.#giveUp();
        });
      });
      this.#inFlight = { client, cut: () => sent.cut(), cancelTimer: () => cancelTimer() };
    }
  }

  #sendFailed(client: Client): void {
    if (this.#inFlight?.client.id === client.id) {
      this.#inFlight.cancelTimer();
      this.#inFlight = null;
    }
    this.#closed = true;
    this.#events.onReturned([client, ...this.#waiting.splice(0)]);
  }

  /** Ends the one in flight, gives the others back. */
  #giveUp(): void {
    const flight = this.#inFlight;
    this.#inFlight = null;
    if (flight !== null) {
      flight.cancelTimer();
      flight.cut();
      this.#events.onCut(flight.client);
    }
    const returned = this.#waiting.splice(0);
    this.#wasFull = false;
    if (returned.length > 0) this.#events.onReturned(returned);
  }
}
