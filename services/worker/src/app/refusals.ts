import type { Command, Fact } from '@dolphin/protocol';
import type { Clock, Complaints } from '@dolphin/runtime';
import { refusalFact, refusalKey } from '../domain/command-admission.js';
import { MAX_REFUSAL_KEYS, REFUSALS_PER_MINUTE } from './bounds.js';

const MINUTE_MS = 60_000;

/** Turns refused commands into facts: each once, and not more than the log should bear. */
export class Refusals {
  readonly #add: (fact: Fact) => Promise<void>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #complaints: Complaints;
  readonly #newId: () => string;
  /** A set keeps the order of insertion: the oldest is forgotten first. */
  readonly #said = new Set<string>();
  #minuteBegan = Number.NEGATIVE_INFINITY;
  #inMinute = 0;

  constructor(o: {
    add: (fact: Fact) => Promise<void>;
    clock: Pick<Clock, 'monotonic'>;
    complaints: Complaints;
    newId: () => string;
  }) {
    this.#add = o.add;
    this.#clock = o.clock;
    this.#complaints = o.complaints;
    this.#newId = o.newId;
  }

  /** Resolves when the fact will not be lost. Never rejects. */
  async note(command: Command, refused: { code: string; message: string }): Promise<void> {
    const key = refusalKey(command, refused.code);
    if (this.#said.has(key)) return;
    const now = this.#clock.monotonic();
    if (now - this.#minuteBegan >= MINUTE_MS) {
      this.#minuteBegan = now;
      this.#inMinute = 0;
    }
    if (this.#inMinute >= REFUSALS_PER_MINUTE) {
      this.#complaints.about('too many refused commands: not all become facts', { code: refused.code });
      return;
    }
    this.#inMinute++;
    this.#said.add(key);
    for (const oldest of this.#said) {
      if (this.#said.size <= MAX_REFUSAL_KEYS) break;
      this.#said.delete(oldest);
    }
    await this.#add(refusalFact(command, refused, this.#newId()));
  }
}
