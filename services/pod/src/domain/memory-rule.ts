/** One sample is a peak, three in a row (6 s) are a state. */
export const OVER_SAMPLES = 3;
/** Above this many times the limit the kernel's OOM killer is near: then also the last ready edge is drained. */
export const HARD_MULTIPLE = 2;
/** A limit that even an idle edge is above must not turn over one edge after the other without end. */
export const PAUSE_MS = 60_000;

/** Of a ready edge. */
export interface MemorySample {
  readonly name: string;
  readonly pid: number;
  readonly rssBytes: number;
}

/** By name: how many samples in a row this process was above the limit. */
export type MemoryWatch = ReadonlyMap<string, { readonly pid: number; readonly over: number }>;

export interface MemoryVerdict {
  readonly watch: MemoryWatch;
  /** The edge to replace now; the largest, when there are several. */
  readonly replace: { readonly name: string; readonly rssBytes: number } | null;
}

/**
 * Which edge is to be replaced for its memory, one at a time, and with a pause between. Without a
 * free place a replacement is a drain first: the last ready edge is spared that until it is above HARD_MULTIPLE times the
 * limit.
 */
export function watchMemory(
  before: MemoryWatch,
  samples: readonly MemorySample[],
  o: {
    readonly limitBytes: number;
    /** Another edge is on its way, in or out. */
    readonly isBusy: boolean;
    /** Since the last replacement of this kind; null: there was none. */
    readonly sinceLastMs: number | null;
    /** A replacement would start beside it: there is a free place now. */
    readonly hasSpare: boolean;
    readonly ready: number;
  },
): MemoryVerdict {
  const watch = new Map<string, { pid: number; over: number }>();
  for (const { name, pid, rssBytes } of samples) {
    const known = before.get(name);
    if (rssBytes > o.limitBytes) watch.set(name, { pid, over: known?.pid === pid ? known.over + 1 : 1 });
  }
  const isLast = o.ready <= 1 && !o.hasSpare;
  const [largest] = samples
    .filter((sample) => (watch.get(sample.name)?.over ?? 0) >= OVER_SAMPLES)
    .filter((sample) => !isLast || sample.rssBytes > o.limitBytes * HARD_MULTIPLE)
    .sort((a, b) => b.rssBytes - a.rssBytes);
  const isTooSoon = o.sinceLastMs !== null && o.sinceLastMs < PAUSE_MS;
  if (o.isBusy || isTooSoon || largest === undefined) return { watch, replace: null };
  return { watch, replace: { name: largest.name, rssBytes: largest.rssBytes } };
}
