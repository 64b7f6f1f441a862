import type { EndedSession } from '@dolphin/protocol';

/** How far a host's ended sessions are shipped: up to number `upTo`, whose session has this id (null: not known). */
export interface SessionCursor {
  readonly upTo: number;
  readonly id: string | null;
}

/** Ended sessions as the pod holds them: `oldest` is the first number still there, `newest` the last (0: none yet). */
export interface EndedRead {
  readonly oldest: number;
  readonly newest: number;
  /** By number; what cannot be read is not among them. */
  readonly sessions: readonly EndedSession[];
}

export interface SessionLimits {
  /** Of the sessions' JSON, in bytes as counted by `sizeOf`. One that alone is larger counts as lost. */
  readonly maxBytes: number;
  readonly sizeOf: (session: EndedSession) => number;
}

export interface ShippableSessions {
  readonly after: number;
  readonly upTo: number;
  readonly sessions: readonly EndedSession[];
}

/** Nothing is shipped yet. */
export const NOTHING_SHIPPED: SessionCursor = { upTo: 0, id: null };

/** The number after which to read: the session at the cursor comes once more, to be compared. */
export function readAfter({ upTo }: SessionCursor): number {
  return Math.max(0, upTo - 1);
}

/**
 * The pod gives numbers again that are shipped with other sessions: it lost its file, or the end of it. Ids are unique over
 * all lives of a pod; where the one at the cursor cannot be compared, the pod is believed.
 */
export function countsAnew(cursor: SessionCursor, read: EndedRead): boolean {
  if (read.newest < cursor.upTo) return true;
  const same = read.sessions.find(({ n }) => n === cursor.upTo);
  return same !== undefined && cursor.id !== null && same.id !== cursor.id;
}

/**
 * The next batch out of a read of `limit` numbers after `readAfter(cursor)`, as many as the limits allow; null when there is
 * nothing new. A batch covers its numbers whether they could be read or not, and each number above the cursor is covered
 * exactly once by the batches that follow one another.
 */
export function nextSessions(
  cursor: SessionCursor,
  read: EndedRead,
  limit: number,
  limits: SessionLimits,
): ShippableSessions | null {
  const after = cursor.upTo;
  const readTo = Math.min(read.newest, Math.max(readAfter(cursor), read.oldest - 1) + limit);
  if (readTo <= after) return null;
  const sessions: EndedSession[] = [];
  let bytes = 0;
  let last = after;
  for (const session of read.sessions) {
    const size = limits.sizeOf(session);
    if (session.n <= last || session.n > readTo || size > limits.maxBytes) continue;
    if (bytes + size > limits.maxBytes) return { after, upTo: last, sessions };
    sessions.push(session);
    bytes += size;
    last = session.n;
  }
  return { after, upTo: readTo, sessions };
}

export function cursorAfter({ upTo, sessions }: ShippableSessions): SessionCursor {
  const last = sessions.at(-1);
  return { upTo, id: last?.n === upTo ? last.id : null };
}

/**
 * Where to go on with a pod that counts anew: after the last session that both it and a shipped batch have under the same
 * number. Null: they have none in common.
 */
export function lastInCommon(
  shipped: readonly Pick<EndedSession, 'n' | 'id'>[],
  held: readonly Pick<EndedSession, 'n' | 'id'>[],
): SessionCursor | null {
  const ids = new Map(held.map(({ n, id }) => [n, id]));
  const common = shipped.findLast(({ n, id }) => ids.get(n) === id);
  return common === undefined ? null : { upTo: common.n, id: common.id };
}
