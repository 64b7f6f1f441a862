/**
 * What a client says while it is asked about: it is read on, so that its leave shows. Who waits for its answer says some
 * hundred bytes; a publisher that does not wait fills this, and then leaves unseen until the answer comes.
 */
export const MAX_ASIDE_BYTES = 64 * 1024;
const FIRST_BYTES = 512;

/** Keeps bytes for later, in as much memory as they take at most twice, however small they come. */
export class Aside {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #filled = 0;

  /** False: it is full, and the client is to be read no further. */
  keep(data: Buffer): boolean {
    const needed = this.#filled + data.length;
    if (needed > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(wider, 0, 0, this.#filled);
      this.#bytes = wider;
    }
    data.copy(this.#bytes, this.#filled);
    this.#filled = needed;
    return needed < MAX_ASIDE_BYTES;
  }

  /** All of them; the caller owns them. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#filled);
  }
}
