import type { Fact } from '@dolphin/protocol';
import type { Logger } from '@dolphin/runtime';
import { MAX_OUTBOX } from './bounds.js';
import type { OutboxFile } from './ports.js';

/**
 * The worker's own facts on their way to the log. They are on disk before they count as noted, and taken off after the
 * append that holds them is known to be stored and before the next one: so whatever a crash leaves here twice is in
 * the log's last message, where the next life finds it.
 */
export class Outbox {
  readonly #file: OutboxFile;
  readonly #logger: Logger;
  readonly #onAdded: () => void;
  #facts: readonly Fact[] = [];
  #parting: readonly Fact[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(file: OutboxFile, logger: Logger, onAdded: () => void = () => undefined) {
    this.#file = file;
    this.#logger = logger;
    this.#onAdded = onAdded;
  }

  /** Takes over what the life before left. Throws what the file throws. */
  async open(): Promise<void> {
    this.#facts = [...(await this.#file.read()), ...this.#facts].slice(-MAX_OUTBOX);
  }

  get facts(): readonly Fact[] {
    return [...this.#facts, ...this.#parting];
  }

  /** The last word of this life. Not on disk: in the next one's it would not be true. */
  addParting(fact: Fact): void {
    this.#parting = [...this.#parting, fact];
    this.#onAdded();
  }

  /** Never rejects: what the disk refuses is kept in memory. */
  async add(fact: Fact): Promise<void> {
    if (this.#facts.length >= MAX_OUTBOX) {
      this.#logger.error({ fact }, 'too many facts wait for the log: this one is not kept');
      return;
    }
    this.#facts = [...this.#facts, fact];
    await this.#write();
    this.#onAdded();
  }

  async forget(ids: ReadonlySet<string>): Promise<void> {
    this.#parting = this.#parting.filter((fact) => !ids.has(fact.id));
    const kept = this.#facts.filter((fact) => !ids.has(fact.id));
    if (kept.length === this.#facts.length) return;
    this.#facts = kept;
    await this.#write();
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#file.write(this.#facts);
      } catch (error) {
        this.#logger.error({ err: error, facts: this.#facts.length }, 'the outbox cannot be written, kept in memory');
      }
    });
    return this.#writing;
  }
}
