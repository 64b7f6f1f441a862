import { type ClientNews, type LeftClient, MAX_CLIENTS_PER_MESSAGE } from '@dolphin/protocol';

/**
 * Collects what is to be told of clients, and tells it once per turn of the event loop: an edge that dies ends
 * thousands at once.
 */
export class NewsDesk {
  readonly #say: (message: ClientNews) => void;
  #uses: { id: number; stream: string; use: 'play' }[] = [];
  #left: LeftClient[] = [];
  #asked = false;

  constructor(say: (message: ClientNews) => void) {
    this.#say = say;
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
      const uses = this.#uses;
      const left = this.#left;
      this.#uses = [];
      this.#left = [];
      // What they use goes first: of one that is gone again it is still to be known.
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
