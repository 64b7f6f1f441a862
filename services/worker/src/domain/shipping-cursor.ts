import type { Fact, Happening } from '@dolphin/protocol';

/** A happening as read from the pod; `null` in place of the fact: it is there but cannot be read (a newer pod's). */
export interface ReadHappening {
  readonly n: number;
  readonly fact: Happening['fact'] | null;
}

/** What the pod holds: `oldest` is the first number still there, `newest` the last (0: none yet). */
export interface HappeningsRead {
  readonly oldest: number;
  readonly newest: number;
  readonly happenings: readonly ReadHappening[];
}

export interface BatchLimits {
  readonly maxEntries: number;
  /** Of the entries' JSON, in bytes as counted by `sizeOf`. */
  readonly maxBytes: number;
}

export interface BatchInput {
  /** The number of the last happening that the log covers. */
  readonly upTo: number;
  /** Null: the pod does not answer now. */
  readonly read: HappeningsRead | null;
  /** The worker's own facts that are still to be said, oldest first. */
  readonly own: readonly Fact[];
  readonly limits: BatchLimits;
  readonly newId: () => string;
  readonly sizeOf: (fact: Fact) => number;
}

export interface Batch {
  readonly upTo: number;
  readonly entries: readonly Fact[];
}

/**
 * The next envelope of facts: happenings after `upTo` in order, then own facts, as many as the limits allow; null when
 * there is nothing to say. What the pod no longer holds, or what cannot be read, is said as one `happenings-lost` per
 * run of numbers. Every number above `upTo` is covered exactly once by the batches that follow one another.
 */
export function nextBatch(input: BatchInput): Batch | null {
  const { limits, read } = input;
  const entries: Fact[] = [];
  let upTo = input.upTo;
  let bytes = 0;
  const add = (fact: Fact): boolean => {
    const size = input.sizeOf(fact);
    if (entries.length > 0 && (entries.length >= limits.maxEntries || bytes + size > limits.maxBytes)) return false;
    entries.push(fact);
    bytes += size;
    return true;
  };
  for (const step of coverage(upTo, read)) {
    const fact: Fact = step.fact ?? { type: 'happenings-lost', id: input.newId(), from: step.from, to: step.to };
    if (!add(fact)) return { upTo, entries };
    upTo = step.to;
  }
  for (const fact of input.own) if (!add(fact)) break;
  return entries.length === 0 ? null : { upTo, entries };
}

interface Step {
  readonly from: number;
  readonly to: number;
  /** Null: lost. */
  readonly fact: Happening['fact'] | null;
}

/** The numbers after `upTo`, without gaps, as far as `read` tells about them. */
function coverage(upTo: number, read: HappeningsRead | null): Step[] {
  if (read === null || read.newest <= upTo) return [];
  const steps: Step[] = [];
  const lost = (from: number, to: number) => {
    const before = steps.at(-1);
    if (before?.fact === null) steps[steps.length - 1] = { from: before.from, to, fact: null };
    else steps.push({ from, to, fact: null });
  };
  let covered = upTo;
  for (const { n, fact } of read.happenings) {
    if (n <= covered) continue;
    if (n > covered + 1) lost(covered + 1, n - 1);
    if (fact === null) lost(n, n);
    else steps.push({ from: n, to: n, fact });
    covered = n;
  }
  return steps;
}

/** The pod's numbers are below what the log covers: it lost its file, or the end of it, and counts anew. */
export function countsAnew(upTo: number, read: HappeningsRead): boolean {
  return read.newest < upTo;
}

/**
 * The cursor for a pod that counts anew: after the last of its happenings that the log already holds, by the ids of
 * their facts; 0 when it holds none of them.
 */
export function recoveredCursor(happenings: Iterable<ReadHappening>, loggedIds: ReadonlySet<string>): number {
  let cursor = 0;
  for (const { n, fact } of happenings) if (fact !== null && loggedIds.has(fact.id)) cursor = Math.max(cursor, n);
  return cursor;
}
