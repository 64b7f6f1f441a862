import { TOOK_GRACE_MS } from './hand-off-queue.js';
import type { Client, Timers } from './ports.js';

/** A killed edge is ready again in half a second; who waits longer than this for nothing would rather be told. */
export const WAIT_FOR_EDGE_MS = 2000;
/**
 * Who is in a queue that moves gets its turn: at a quarter of the slowest pace measured (1,300 a second) all who may wait
 * here and before one child (6,144) are served by then. Few players wait longer for a first byte.
 */
export const WAIT_IN_QUEUE_MS = 20_000;
/** Clients that wait for an edge: a burst, not a second backlog. */
export const MAX_WAITING = 4096;
/**
 * What was read of those who wait, all together: with 4 KiB each, more than players send, every seat can be taken. Of
 * those whose heads are as long as may be (16 KiB) a quarter finds one.
 */
export const MAX_WAITING_HEAD_BYTES = MAX_WAITING * 4096;

/** How long one client waits, in monotonic ms. It keeps this over every try: edges that come and go must not make it wait for ever. */
export interface Patience {
  /** When it is refused, unless it is in a queue and that moves. */
  readonly until: number;
  /** When it is refused in any case. */
  readonly latest: number;
}

interface Waiting {
  readonly client: Client;
  readonly patience: Patience;
  readonly inQueue: boolean;
  readonly onLate: () => void;
  cancel: () => void;
}

/** Clients that no edge takes at the moment. */
export class WaitingRoom {
  readonly #waiting = new Map<number, Waiting>();
  readonly #timers: Timers;
  #headBytes = 0;
  #movedAt = Number.NEGATIVE_INFINITY;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Of a client that comes now. */
  patience(): Patience {
    const now = this.#timers.monotonic();
    return { until: now + WAIT_FOR_EDGE_MS, latest: now + WAIT_IN_QUEUE_MS };
  }

  /** Some client was taken: the queues move. */
  moved(): void {
    this.#movedAt = this.#timers.monotonic();
  }

  /**
   * False: no seat left, or no memory for its head. `inQueue`: there are edges and they are only busy, so that time counts while nothing moves.
   * `onLate` is called when its time is over.
   */
  add(client: Client, o: { patience: Patience; inQueue: boolean; onLate: () => void }): boolean {
    const headBytes = this.#headBytes + headBytesOf(client);
    if (this.#waiting.size >= MAX_WAITING || headBytes > MAX_WAITING_HEAD_BYTES) return false;
    const waiting: Waiting = { client, ...o, cancel: () => undefined };
    this.#waiting.set(client.id, waiting);
    this.#headBytes = headBytes;
    this.#watch(waiting);
    return true;
  }

  /** The relay process that has the socket of one who waits; null: the pod itself, or it does not wait. */
  holderOf(id: number): string | null {
    return this.#waiting.get(id)?.client.heldBy ?? null;
  }

  heldBy(via: string): number[] {
    return [...this.#waiting.values()].flatMap(({ client }) => (client.heldBy === via ? [client.id] : []));
  }

  /** Takes one out; null: it does not wait. */
  withdraw(id: number): Client | null {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return null;
    this.#leave(waiting);
    return waiting.client;
  }

  /** Calls everybody out, in the order in which they came; who still finds no edge comes back with the same time. */
  empty(route: (client: Client, patience: Patience) => void): void {
    for (const waiting of [...this.#waiting.values()]) {
      this.#leave(waiting);
      route(waiting.client, this.#patienceOf(waiting));
    }
  }

  #leave({ client, cancel }: Waiting): void {
    cancel();
    if (this.#waiting.delete(client.id)) this.#headBytes -= headBytesOf(client);
  }

  #watch(waiting: Waiting): void {
    const inMs = Math.max(0, this.#patienceOf(waiting).until - this.#timers.monotonic());
    waiting.cancel = this.#timers.after(inMs, () => {
      // If it was our own loop that stood still, what moved lies in the channels: it is read first.
      waiting.cancel = this.#timers.after(TOOK_GRACE_MS, () => {
        if (this.#patienceOf(waiting).until > this.#timers.monotonic()) {
          this.#watch(waiting);
          return;
        }
        this.#leave(waiting);
        waiting.onLate();
      });
    });
  }

  #patienceOf({ patience, inQueue }: Waiting): Patience {
    if (!inQueue) return patience;
    const { until, latest } = patience;
    return { until: Math.max(until, Math.min(latest, this.#movedAt + WAIT_FOR_EDGE_MS)), latest };
  }
}

function headBytesOf({ head }: Client): number {
  return head?.length ?? 0;
}
