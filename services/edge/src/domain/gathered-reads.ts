/**
 * What a pull may bring in one beat to be gathered. Half of what the smallest usual receive window takes, so that the
 * upstream never waits for us; a stream of more bits has reads that are worth their cost anyway.
 */
export const MAX_GATHERED_BYTES = 32 * 1024;

/**
 * When a pull's socket is read. Its players get a slab each so many milliseconds, so what comes in between can wait in
 * the kernel: one read of twenty messages costs a tenth of twenty reads. It begins with reading on, since what is there
 * already is to be played at once.
 */
export class GatheredReads {
  #gathers = false;
  #bytes = 0;

  /** True: what was read goes out now, and nothing is read until the next beat. `isAll`: nothing more is there yet. */
  rests(bytes: number, isAll: boolean): boolean {
    this.#bytes += bytes;
    if (this.#bytes > MAX_GATHERED_BYTES) this.#gathers = false;
    return this.#gathers && isAll;
  }

  /** To be called once a slab's time. */
  beat(): void {
    this.#gathers = this.#bytes <= MAX_GATHERED_BYTES;
    this.#bytes = 0;
  }
}
