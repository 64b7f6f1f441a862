import type { Timers } from '../app/ports.js';
import { type AfterRead, GatheredReads } from '../domain/gathered-reads.js';

/** Has a source's socket read once in so many milliseconds. It begins with reading it as it comes. */
export class ReadBeat {
  readonly #reads = new GatheredReads();
  readonly #o: { readonly timers: Timers; readonly everyMs: number; readonly read: () => void };
  #cancel: () => void;

  /** `read`: what waits in the kernel is to be read, and what comes on. */
  constructor(o: { readonly timers: Timers; readonly everyMs: number; readonly read: () => void }) {
    this.#o = o;
    this.#cancel = this.#next();
  }

  /** After each read. `rest`: nothing is to be read until `read` is called. */
  after(bytes: number, isAll: boolean): AfterRead {
    return this.#reads.after(bytes, isAll);
  }

  /** Reads as it comes until the next beat: its end may wait behind the last data, and is wanted now. */
  stayAwake(): void {
    this.#reads.stayAwake();
    this.#o.read();
  }

  stop(): void {
    this.#cancel();
  }

  #next(): () => void {
    return this.#o.timers.after(this.#o.everyMs, () => {
      this.#reads.beat();
      this.#cancel = this.#next();
      this.#o.read();
    });
  }
}
