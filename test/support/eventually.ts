import { setTimeout as wait } from 'node:timers/promises';

/** Only a failing test waits this long: it is no bound of the product's, but longer than a busy machine stands still. */
export const DEADLINE_MS = 60_000;

export interface EventuallyOptions {
  /** What is waited for, as it stands in the failure: "the edge is ready". */
  what: string;
  deadlineMs?: number;
  pollMs?: number;
}

/**
 * Calls `look` until it returns something other than false, null or undefined, and returns that. A look that throws
 * counts as "not yet"; the last error becomes the cause of the failure at the deadline.
 */
export async function eventually<T>(
  look: () => Promise<T> | T,
  { what, deadlineMs = DEADLINE_MS, pollMs = 25 }: EventuallyOptions,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  let last: unknown;
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
    await wait(pollMs);
  }
}
