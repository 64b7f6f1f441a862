/**
 * What a source may bring in one beat to be gathered from then on. Half of what the smallest usual receive window takes, so that
 * it never waits for us; a stream of more bits has reads that are worth their cost anyway.
 */
export const MAX_GATHERED_BYTES = 32 * 1024;
/**
 * And with how much it still is, once it is: three quarters of that window. A key frame, or a beat that a busy process was late for,
 * makes no stream of more bits, and a beat's time of reads as they come costs as much as ten that are gathered.
 */
export const STILL_GATHERED_BYTES = 48 * 1024;
/** Of a beat. Between two nobody hears that the source hangs up, and one that is well must not pass for dead. */
export const MAX_GATHER_MS = 1000;

/** Whether a source is read once in so long. Slabs of a longer time are filled as it comes. */
export function isGathered(gatherMs: number): boolean {
  return gatherMs > 0 && gatherMs <= MAX_GATHER_MS;
}

/**
 * After a read. `on`: it may stay in an open slab. `out`: it waited in the kernel, and goes out at once. `rest`: that, and
 * nothing is read until the next beat.
 */
export type AfterRead = 'on' | 'out' | 'rest';

/**
 * When the socket of a pull or a publisher is read. Its players get a slab each so many milliseconds, so what comes in
 * between can wait in the kernel: one read of twenty messages costs a tenth of twenty reads. It begins with reading on,
 * since what is there already is to be played at once.
 */
export class GatheredReads {
  #gathers = false;
  #bytes = 0;
  /** It rested, and what came meanwhile is not all read. */
  #waited = false;

  /** `isAll`: nothing more is there yet. */
  after(bytes: number, isAll: boolean): AfterRead {
    this.#bytes += bytes;
    if (this.#bytes > STILL_GATHERED_BYTES) this.#gathers = false;
    if (!isAll) return 'on';
    const waited = this.#waited;
    this.#waited = this.#gathers;
    if (this.#gathers) return 'rest';
    return waited ? 'out' : 'on';
  }

  /** To be called once a slab's time. */
  beat(): void {
    this.#gathers = this.#bytes <= (this.#gathers ? STILL_GATHERED_BYTES : MAX_GATHERED_BYTES);
    this.#bytes = 0;
  }

  /** Until the next beat it is read as it comes. */
  stayAwake(): void {
    this.#gathers = false;
  }
}
