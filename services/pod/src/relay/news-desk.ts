import { type LeftClient, MAX_CLIENTS_PER_MESSAGE, type RelayMessage, type RelayNewcomer } from '@dolphin/protocol';

/**
 * Collects what is to be told of clients, and tells it once per turn of the event loop: thousands may come at once, and
 * an edge that dies ends thousands.
 */
export class NewsDesk {
  readonly #say: (message: RelayMessage) => void;
  #accepted: RelayNewcomer[] = [];
  #turnedAway: { reason: string; address: string }[] = [];
  #uses: { id: number; stream: string; use: 'play' }[] = [];
  #left: LeftClient[] = [];
  #asked = false;

  constructor(say: (message: RelayMessage) => void) {
    this.#say = say;
  }

  accepted(client: RelayNewcomer): void {
    this.#accepted.push(client);
    this.#flushLater();
  }

  turnedAway(reason: string, address: string): void {
    this.#turnedAway.push({ reason, address });
    this.#flushLater();
  }

  plays(id: number, stream: string): void {
    this.#uses.push({ id, stream, use: 'play' });
    this.#flushLater();
  }

  left(client: LeftClient): void {
    this.#left.push(client);
    this.#flushLater();
  }

  #flushLater(): void {
    if (this.#asked) return;
    this.#asked = true;
    setImmediate(() => {
      this.#asked = false;
      const [accepted, turnedAway, uses, left] = [this.#accepted, this.#turnedAway, this.#uses, this.#left];
      this.#accepted = [];
      this.#turnedAway = [];
      this.#uses = [];
      this.#left = [];
      // In the order of a client's life: of one that is gone again it is still to be known that it came, and for what.
      for (const clients of batches(accepted)) this.#say({ type: 'accepted', clients });
      for (const clients of batches(turnedAway)) this.#say({ type: 'turned-away', clients });
      for (const clients of batches(uses)) this.#say({ type: 'uses', clients });
      for (const clients of batches(left)) this.#say({ type: 'left', clients });
    });
  }
}

function* batches<T>(all: T[]): IterableIterator<T[]> {
  for (let from = 0; from < all.length; from += MAX_CLIENTS_PER_MESSAGE) {
    yield all.slice(from, from + MAX_CLIENTS_PER_MESSAGE);
  }
}
