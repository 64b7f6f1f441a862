import type { Beats } from '../app/beats.js';
import { type AfterRead, GatheredReads } from '../domain/gathered-reads.js';

/** Has a source's socket read once in so many milliseconds. It begins with reading it as it comes. */
export class ReadBeat {
  readonly #reads = new GatheredReads();
  readonly #read: () => void;
  readonly #leave: () => void;

  /** `read`: what waits in the kernel is to be read, and what comes on. */
  constructor(beats: Beats, everyMs: number, read: () => void) {
    this.#read = read;
    this.#leave = beats.every(everyMs, () => {
      this.#reads.beat();
      read();
    });
  }

  /** After each read. `rest`: nothing is to be read until `read` is called. */
  after(bytes: number, isAll: boolean): AfterRead {
    return this.#reads.after(bytes, isAll);
  }

  /** Reads as it comes until the next beat: its end may wait behind the last data, and is wanted now. */
  stayAwake(): void {
    this.#reads.stayAwake();
    this.#read();
  }

  stop(): void {
    this.#leave();
  }
}
