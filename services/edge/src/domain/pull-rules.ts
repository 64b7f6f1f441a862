/** SRS: SRS_EDGE_INGESTER_TIMEOUT. */
export const CONNECT_TIMEOUT_MS = 5000;
/** Nothing came for that long: the origin is taken for dead, or has no such stream; the next one is asked. */
export const RECEIVE_TIMEOUT_MS = 5000;
/** SRS: SRS_EDGE_INGESTER_CIMS. */
export const RETRY_MS = 3000;
/**
 * After a cut the first tries come fast: a back source that died is ready again within half a second, and its players
 * count the time.
 */
const FAST_RETRIES_MS = [0, 50, 100, 200, 200, 200, 300, 400, 600, 1000] as const;

/** How long to wait before a pull is tried again; `failures` in a row, 1 at least, since media last came. */
export function pullDelayMs(failures: number, hadMedia: boolean, random: number): number {
  // A stream that never came gets SRS's pace: its name may be an invention.
  if (!hadMedia) return RETRY_MS;
  const fast = FAST_RETRIES_MS[failures - 1] ?? RETRY_MS;
  // 25 % of jitter: all edges of a host lose their back source in the same moment.
  return fast * (0.875 + random / 4);
}

/**
 * The origins of a vhost in the conf's order: the first one until it fails, then the next. Pulls and publishes begin
 * alike, so that what is published on an edge is looked for where it went.
 */
export class OriginCycle<Origin> {
  readonly #origins: readonly Origin[];
  #at = 0;

  constructor(origins: readonly Origin[]) {
    this.#origins = origins;
  }

  get current(): Origin {
    const origin = this.#origins[this.#at];
    if (origin === undefined) throw new RangeError('no origins');
    return origin;
  }

  /** The current one failed. */
  next(): void {
    this.#at = (this.#at + 1) % this.#origins.length;
  }
}
