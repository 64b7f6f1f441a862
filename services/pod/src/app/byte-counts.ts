import { type ClientBytes, MAX_CLIENTS_PER_MESSAGE } from '@dolphin/protocol';
import type { ClientLedger } from '../domain/client-ledger.js';
import { byChild, type ClientChild, childKey } from './client-children.js';
import type { Timers } from './ports.js';

/** A process that is well answers in its next turn; a list without a few numbers is better than none. */
const COUNT_WITHIN_MS = 500;

interface Asked {
  readonly ask: number;
  readonly done: (clients: readonly ClientBytes[]) => void;
}

/** Asks the processes that have clients for the bytes of these, when somebody looks. */
export class ByteCounts {
  readonly #ledger: ClientLedger;
  readonly #timers: Timers;
  readonly #say: (child: ClientChild, message: object) => void;
  /** One question at a time to each process: a frozen one must not collect them. */
  readonly #asked = new Map<string, Asked>();
  #nextAsk = 1;

  constructor(o: { ledger: ClientLedger; timers: Timers; say: (child: ClientChild, message: object) => void }) {
    this.#ledger = o.ledger;
    this.#timers = o.timers;
    this.#say = o.say;
  }

  /** By client; those of whom nothing was heard in time are left out. At most MAX_CLIENTS_PER_MESSAGE ids. */
  async of(ids: readonly number[]): Promise<Map<number, ClientBytes>> {
    const groups = byChild(ids.slice(0, MAX_CLIENTS_PER_MESSAGE), this.#ledger);
    const answers = await Promise.all([...groups].map(([key, group]) => this.#ask(key, group.child, group.ids)));
    return new Map(answers.flat().map((client) => [client.id, client]));
  }

  onCounts(ask: number, clients: readonly ClientBytes[]): void {
    for (const [key, asked] of this.#asked) {
      if (asked.ask !== ask) continue;
      this.#asked.delete(key);
      asked.done(clients);
      return;
    }
  }

  /** Its process is gone, and with it the question. */
  onChildEnded(child: ClientChild): void {
    this.#asked.delete(childKey(child));
  }

  #ask(key: string, child: ClientChild, ids: readonly number[]): Promise<readonly ClientBytes[]> {
    if (this.#asked.has(key)) return Promise.resolve([]);
    const ask = this.#nextAsk++;
    return new Promise((resolve) => {
      const cancel = this.#timers.after(COUNT_WITHIN_MS, () => resolve([]));
      this.#asked.set(key, {
        ask,
        done: (clients) => {
          cancel();
          resolve(clients);
        },
      });
      this.#say(child, { type: 'count', ask, ids });
    });
  }
}
