/**
 * What an edge may write into its log: a bucket of bytes that fills at a steady rate. An edge that floods its stdout must
 * neither keep the disk busy nor push out, within a second, the words of the days before.
 */
export interface LogBudget {
  readonly bytes: number;
  /** Monotonic ms. */
  readonly at: number;
}

/** SRS prints a few KiB a second at 1,000 clients; with every level on, some hundred. */
export const LOG_BYTES_PER_S = 1024 * 1024;
/** A start, a crash with its dump: whatever is said in a burst is wanted most. */
export const LOG_BURST_BYTES = 4 * 1024 * 1024;

export function fullBudget(at: number): LogBudget {
  return { bytes: LOG_BURST_BYTES, at };
}

/** Text is let in whole or not at all: half a chunk would end in the middle of a line. */
export function spendBudget(
  budget: LogBudget,
  bytes: number,
  at: number,
): { readonly budget: LogBudget; readonly admitted: boolean } {
  const filled = budget.bytes + (Math.max(0, at - budget.at) * LOG_BYTES_PER_S) / 1000;
  const now = Math.min(LOG_BURST_BYTES, filled);
  const admitted = bytes <= now;
  return { budget: { bytes: admitted ? now - bytes : now, at }, admitted };
}
