/** How clients that have not left at the deadline of a drain are closed. */
export interface DrainPace {
  /** So many at once … */
  readonly batchClients: number;
  /** … and then this long nothing: they come back to the other edges at once, and those must keep up. */
  readonly batchEveryMs: number;
}

/** A client that was told to go and is still there after this belongs to an edge that does not listen. */
export const LEAVE_WITHIN_MS = 3000;

export interface DrainProgress {
  /** Monotonic ms, as all times here. */
  readonly at: number;
  readonly deadlineAt: number;
  /** Clients that are there and were not told to go. */
  readonly unasked: number;
  /** Clients that were told to go and are still there. */
  readonly leaving: number;
  /** When the last batch was told to go; null: none was. */
  readonly lastBatchAt: number | null;
}

export type DrainStep =
  | { readonly type: 'wait' }
  | { readonly type: 'close'; readonly clients: number }
  /** `deadline`: some had to be closed, or could not even be. */
  | { readonly type: 'done'; readonly why: 'empty' | 'deadline' };

/** What to do next for clients that are to leave: of an edge that drains, or of a pod that stops. */
export function decideDrain(progress: DrainProgress, pace: DrainPace): DrainStep {
  const { at, deadlineAt, unasked, leaving, lastBatchAt } = progress;
  if (unasked + leaving === 0) return { type: 'done', why: lastBatchAt === null ? 'empty' : 'deadline' };
  if (at < deadlineAt) return { type: 'wait' };
  if (unasked > 0) {
    const isTooSoon = lastBatchAt !== null && at - lastBatchAt < pace.batchEveryMs;
    return isTooSoon ? { type: 'wait' } : { type: 'close', clients: Math.min(unasked, pace.batchClients) };
  }
  const isPatient = lastBatchAt !== null && at - lastBatchAt < LEAVE_WITHIN_MS;
  return isPatient ? { type: 'wait' } : { type: 'done', why: 'deadline' };
}
