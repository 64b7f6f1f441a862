/** Kept for the next slabs, at most: a few seconds of a hundred streams of 500 kbit/s. */
const MAX_IDLE_BYTES = 8 * 1024 * 1024;
const SMALLEST_BYTES = 1024;
/** Larger ones are rare, each of another size: they go the collector's way. */
const LARGEST_BYTES = 1024 * 1024;
/** Sizes between two powers of two: what is taken is at most an eighth more than what was asked for. */
const STEPS = 8;

/**
 * Memory of slabs, used again for later ones. Left to the collector, the bytes of a hundred streams start it each few
 * seconds, and it walks over all that thousands of players have in the heap; meanwhile there is twice as much memory in
 * use as is needed. Shared by all streams of a process.
 */
export class SlabMemory {
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;

  /** Given back and not taken again. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** At least `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    const size = sizeFor(bytes);
    const known = this.#idle.get(size)?.pop();
    if (known === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return known;
  }

  /** What `take` gave, whole. Nobody reads it any more, the kernel neither. */
  give(memory: Buffer): void {
    const size = memory.length;
    if (size > LARGEST_BYTES || this.#idleBytes + size > MAX_IDLE_BYTES) return;
    const known = this.#idle.get(size);
    if (known === undefined) this.#idle.set(size, [memory]);
    else known.push(memory);
    this.#idleBytes += size;
  }
}

function sizeFor(bytes: number): number {
  if (bytes <= SMALLEST_BYTES) return SMALLEST_BYTES;
  if (bytes > LARGEST_BYTES) return bytes;
  // The power of two below, in steps.
  const step = 2 ** (31 - Math.clz32(bytes - 1)) / STEPS;
  return Math.ceil(bytes / step) * step;
}
