/** When an edge that fails its clients gets none for a while: failures seen on the way of real clients, no probes. */
export interface EjectionPolicy {
  /** So many in a row. */
  readonly failures: number;
  /** The first ejection; each later one is twice as long. */
  readonly baseMs: number;
  readonly maxMs: number;
}

export interface EjectionRecord {
  readonly failuresInRow: number;
  /** Ejections that are not forgiven yet: the next lasts baseMs doubled this many times. */
  readonly level: number;
  /** Monotonic ms; null: never ejected, or all forgiven. */
  readonly until: number | null;
  /** From when on good behaviour counts; monotonic ms. */
  readonly goodSince: number;
}

export const NEVER_EJECTED: EjectionRecord = { failuresInRow: 0, level: 0, until: null, goodSince: 0 };

/** What a relay process lacks itself, and what it gave up: no edge would have taken these. */
const NOT_THE_EDGES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EADDRINUSE', 'ECANCELED']);

/** `code`: of the error with which a connection to the edge failed. */
export function isEdgesFault(code: string): boolean {
  return !NOT_THE_EDGES.has(code);
}

export function isEjected(record: EjectionRecord, at: number): boolean {
  return record.until !== null && at < record.until;
}

/** ms that are left; 0: it is not ejected. */
export function ejectedForMs(record: EjectionRecord, at: number): number {
  return record.until === null ? 0 : Math.max(0, record.until - at);
}

/**
 * A client could not be given to this edge. `hasOther`: another edge takes clients now; the last one is never ejected,
 * however it fails. What fails while ejected (clients that were under way) counts no more.
 */
export function afterFailure(
  record: EjectionRecord,
  o: { at: number; hasOther: boolean },
  policy: EjectionPolicy,
): EjectionRecord {
  if (isEjected(record, o.at)) return record;
  const failuresInRow = record.failuresInRow + 1;
  if (failuresInRow < policy.failures || !o.hasOther) return { ...record, failuresInRow, goodSince: o.at };
  const until = o.at + lengthMs(record.level, policy);
  return { failuresInRow: 0, level: record.level + 1, until, goodSince: until };
}

/** It took a client. As long without a failure as its last ejection was, and that one is forgiven. */
export function afterSuccess(record: EjectionRecord, at: number, policy: EjectionPolicy): EjectionRecord {
  if (record.failuresInRow === 0 && record.level === 0) return record;
  if (isEjected(record, at)) return record;
  const sound = { ...record, failuresInRow: 0 };
  if (record.level === 0 || at - record.goodSince < lengthMs(record.level - 1, policy)) return sound;
  return { ...sound, level: record.level - 1, goodSince: at };
}

function lengthMs(level: number, policy: EjectionPolicy): number {
  return Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(level, 30));
}
