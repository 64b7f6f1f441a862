/** The first start after a pod that served comes at once: §9 gives it two seconds with all its edges. */
const FIRST_REPEAT_MS = 250;
/** A pod that cannot start (a port is taken) tries for ever, and looks at least this often. */
const MAX_DELAY_MS = 5_000;

/** How long to wait before the next start, after so many starts in a row that did not come up. */
export function podStartDelayMs(failedStarts: number): number {
  if (failedStarts === 0) return 0;
  return Math.min(MAX_DELAY_MS, FIRST_REPEAT_MS * 2 ** Math.min(failedStarts - 1, 20));
}
