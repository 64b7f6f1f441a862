/** What is allocated for a message before its first byte is here: a peer may announce 16 MiB and send nothing. */
const FIRST_BYTES = 64 * 1024;

/**
 * Collects `length` bytes that arrive in pieces. Memory follows what has arrived (at most doubled), not what was
 * announced; each byte is copied O(1) times.
 */
export class GrowingBuffer {
  readonly length: number;
  #bytes: Buffer;
  #filled = 0;

  constructor(length: number) {
    this.length = length;
    this.#bytes = Buffer.allocUnsafe(Math.min(length, FIRST_BYTES));
  }

  get missing(): number {
    return this.length - this.#filled;
  }

  /**
   * Bytes held by it now. Less than 4 KiB are a part of a page of Buffer's pool, which is kept for it as a whole: memory of its own would
   * take five times as long to get, and most messages of audio are so small.
   */
  get capacity(): number {
    return this.#bytes.buffer.byteLength;
  }

  /** Appends data[from, to), which must not be more than is missing. */
  append(data: Buffer, from: number, to: number): void {
    const needed = this.#filled + to - from;
    if (needed > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.min(this.length, Math.max(needed, this.#bytes.length * 2)));
      this.#bytes.copy(wider, 0, 0, this.#filled);
      this.#bytes = wider;
    }
    data.copy(this.#bytes, this.#filled, from, to);
    this.#filled = needed;
  }

  /** All bytes, once nothing is missing. The caller owns them. */
  take(): Buffer {
    return this.#bytes;
  }
}
