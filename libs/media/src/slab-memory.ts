/** Kept for the next slabs, at most: a quarter of what all rings of a process may hold. */
const MAX_IDLE_BYTES = 128 * 1024 * 1024;
/** Of what was in use: what comes next is not of quite the same sizes. */
const SPARE_PART = 1 / 4;
/** For so long it is known how much was in use at once: rings give up a whole GOP at its end, and few are longer. */
const KNOWN_MS = 15_000;
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

/**
 * Memory of slabs, used again for later ones. Left to the collector, the bytes of a hundred streams start it each few
 * seconds, and it walks over all that thousands of players have in the heap; meanwhile there is twice as much memory in
 * use as is needed. Shared by all streams of a process. Many have their key frames at the same moments: they give up a
 * GOP each then, and need as much again until the next one. So the process keeps what it had in use at once a short
 * while ago, and a quarter more.
 */
export class SlabMemory {
  /** By size number. */
  readonly #idle: (Buffer[] | undefined)[] = [];
  #idleBytes = 0;
  #usedBytes = 0;
  /** The most in use at once: since `#sinceMs`, and in the time before. */
  #most = 0;
  #mostBefore = 0;
  #sinceMs = 0;

  /** Given back and not taken again. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** Taken, and neither given back nor lost. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** At least `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes > LARGEST_BYTES) return Buffer.allocUnsafeSlow(bytes);
    const memory = this.#takeIdle(numberOf(bytes)) ?? Buffer.allocUnsafeSlow(sizeOf(numberOf(bytes)));
    this.#usedBytes += memory.length;
    if (this.#usedBytes > this.#most) this.#most = this.#usedBytes;
    this.#trim();
    return memory;
  }

  /** What `take` gave, whole. Nobody reads it any more, the kernel neither. */
  give(memory: Buffer): void {
    const size = memory.length;
    if (size > LARGEST_BYTES) return;
    this.#usedBytes -= size;
    const number = numberOf(size);
    const known = this.#idle[number];
    if (known === undefined) this.#idle[number] = [memory];
    else known.push(memory);
    this.#idleBytes += size;
    this.#trim();
  }

  /** What `take` gave, and somebody may still read: it goes the collector's way. */
  lose(memory: Buffer): void {
    if (memory.length <= LARGEST_BYTES) this.#usedBytes -= memory.length;
  }

  /** Once a second: what was not needed for a while is given up. */
  watch(nowMs: number): void {
    if (nowMs - this.#sinceMs < KNOWN_MS) return;
    this.#sinceMs = nowMs;
    this.#mostBefore = this.#most;
    this.#most = this.#usedBytes;
    this.#trim();
  }

  #takeIdle(number: number): Buffer | undefined {
    for (let i = number; i <= number + STEPS_ABOVE; i++) {
      const known = this.#idle[i]?.pop();
      if (known === undefined) continue;
      this.#idleBytes -= known.length;
      return known;
    }
    return undefined;
  }

  #trim(): void {
    const most = Math.max(this.#most, this.#mostBefore);
    const limit = Math.min(MAX_IDLE_BYTES, most * (1 + SPARE_PART) - this.#usedBytes);
    while (this.#idleBytes > limit) {
      const gone = this.#plentiful()?.pop();
      if (gone === undefined) return;
      this.#idleBytes -= gone.length;
    }
  }

  /** Those of the size of which most bytes are idle: what nobody asks for any more goes, and no size is left with none. */
  #plentiful(): Buffer[] | undefined {
    let most = 0;
    let found: Buffer[] | undefined;
    for (const known of this.#idle) {
      const bytes = known === undefined ? 0 : known.length * (known[0]?.length ?? 0);
      if (bytes <= most) continue;
      most = bytes;
      found = known;
    }
    return found;
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
