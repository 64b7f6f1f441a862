/** Kept for the next slabs, at most: a quarter of what all rings of a process may hold. */
const MAX_IDLE_BYTES = 128 * 1024 * 1024;
/** What was not needed for so long is given up: rings give up a whole GOP at its end, and few are longer. */
const UNNEEDED_MS = 15_000;
const SMALLEST_POWER = 10;
const SMALLEST_BYTES = 2 ** SMALLEST_POWER;
/** Larger ones are rare, each of another size: they go the collector's way. */
const LARGEST_BYTES = 1024 * 1024;
/** Sizes between two powers of two. */
const STEPS = 8;
/**
 * Of larger sizes, tried where there is none of its own. With half as many one slab in twenty found none, and sizes are so
 * mixed that the memory in use is hardly more for it: at worst five eighths above what was asked for.
 */
const STEPS_ABOVE = 4;

/** What is idle of one size, and the fewest that were since it was last looked at: so many nobody needed. */
interface IdleOfSize {
  readonly all: Buffer[];
  least: number;
}

/**
 * Memory of slabs, used again for later ones. Left to the collector, the bytes of a hundred streams start it each few
 * seconds, and it walks over all that thousands of players have in the heap; meanwhile there is twice as much memory in
 * use as is needed. Shared by all streams of a process. Many have their key frames at the same moments: they give up a
 * GOP each then, and need as much again until the next one; and their slabs are of another mix of sizes each moment. So of
 * each size as many are kept as were needed at once a short while ago.
 */
export class SlabMemory {
  /** By size number. */
  readonly #idle: IdleOfSize[] = [];
  #idleBytes = 0;
  #watchedMs = 0;

  /** Given back and not taken again. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** At least `bytes`, with anything in it. The taker may keep it, or leave it to the collector where somebody may still read it. */
  take(bytes: number): Buffer {
    if (bytes > LARGEST_BYTES) return Buffer.allocUnsafeSlow(bytes);
    const number = numberOf(bytes);
    return this.#takeIdle(number) ?? Buffer.allocUnsafeSlow(sizeOf(number));
  }

  /** What `take` gave, whole. Nobody reads it any more, the kernel neither. */
  give(memory: Buffer): void {
    const size = memory.length;
    if (size > LARGEST_BYTES || this.#idleBytes + size > MAX_IDLE_BYTES) return;
    this.#ofSize(numberOf(size)).all.push(memory);
    this.#idleBytes += size;
  }

  /** Once a second: gives up what was not needed for a while. */
  watch(nowMs: number): void {
    if (nowMs - this.#watchedMs < UNNEEDED_MS) return;
    this.#watchedMs = nowMs;
    for (const size of this.#idle) {
      for (const { length } of size.all.splice(0, size.least)) this.#idleBytes -= length;
      size.least = size.all.length;
    }
  }

  #takeIdle(number: number): Buffer | undefined {
    for (let i = number; i <= number + STEPS_ABOVE; i++) {
      const size = this.#ofSize(i);
      const known = size.all.pop();
      if (known === undefined) continue;
      if (size.all.length < size.least) size.least = size.all.length;
      this.#idleBytes -= known.length;
      return known;
    }
    return undefined;
  }

  #ofSize(number: number): IdleOfSize {
    while (this.#idle.length <= number) this.#idle.push({ all: [], least: 0 });
    return this.#idle[number] as IdleOfSize;
  }
}

/** 0: the smallest; a power of two is the first of STEPS sizes, which are equally far from each other. */
function numberOf(bytes: number): number {
  if (bytes <= SMALLEST_BYTES) return 0;
  const power = 31 - Math.clz32(bytes - 1);
  const above = Math.ceil(bytes / ((1 << power) / STEPS)) - STEPS;
  return (power - SMALLEST_POWER) * STEPS + above;
}

function sizeOf(number: number): number {
  const step = number % STEPS;
  return (SMALLEST_BYTES << ((number - step) / STEPS)) * (1 + step / STEPS);
}
