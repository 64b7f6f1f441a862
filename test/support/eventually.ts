import { setTimeout as wait } from 'node:timers/promises';

/** Only a failing test waits this long: it is no bound of the product's, but longer than a busy machine stands still. */
export const DEADLINE_MS = 60_000;
/** Between the first looks; what takes longer is looked at less and less often, as each look takes of the processors what is waited for. */
const FIRST_POLL_MS = 25;
const MAX_POLL_MS = 100;
const POLL_GROWTH = 1.25;

export interface EventuallyOptions {
  /** What is waited for, as it stands in the failure: "the edge is ready". */
  what: string;
  deadlineMs?: number;
  /** Between any two looks. Default: from FIRST_POLL_MS up to MAX_POLL_MS. */
  pollMs?: number;
}

/**
 * Calls `look` until it returns something other than false, null or undefined, and returns that. A look that throws
 * counts as "not yet"; the last error becomes the cause of the failure at the deadline.
 */
export async function eventually<T>(
  look: () => Promise<T> | T,
  { what, deadlineMs = DEADLINE_MS, pollMs }: EventuallyOptions,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  let last: unknown;
  let nextPollMs = pollMs ?? FIRST_POLL_MS;
  for (;;) {
    try {
      last = await look();
      if (last !== false && last !== null && last !== undefined) return last as NonNullable<Exclude<T, false>>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`not within ${deadlineMs} ms: ${what}${why}`, { cause });
    }
    await wait(nextPollMs);
    if (pollMs === undefined) nextPollMs = Math.min(nextPollMs * POLL_GROWTH, MAX_POLL_MS);
  }
}
