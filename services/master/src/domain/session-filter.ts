import type { EndedSession, EndedSessionRow, LostSessions, SessionBatch, SessionEnd } from '@dolphin/protocol';

/** Which ended sessions somebody asks for; what is not given means all. */
export interface EndedFilter {
  readonly host?: string;
  /** `stream-0` means the edges of both sides of that slot, `stream-0.b` that one. */
  readonly edge?: string;
  /** As SRS's API names it: `/app/stream`, or `vhost/app/stream` where that is not the default one. */
  readonly stream?: string;
  /** Is this an address that is meant? */
  readonly isMeant?: (address: string) => boolean;
  readonly end?: SessionEnd;
  /** Those that ended then or later, ms since 1970. */
  readonly sinceMs?: number;
}

export function meansSession(filter: EndedFilter, session: EndedSession): boolean {
  const { edge, stream, isMeant, end, sinceMs } = filter;
  if (edge !== undefined && session.edge !== edge && session.edge !== `${edge}.b`) return false;
  if (stream !== undefined && session.stream !== stream) return false;
  if (end !== undefined && session.end !== end) return false;
  if (sinceMs !== undefined && Date.parse(session.endedAt) < sinceMs) return false;
  return isMeant === undefined || isMeant(session.address);
}

/** Those of a batch that are meant, newest first. */
export function rowsOf(filter: EndedFilter, batch: SessionBatch): EndedSessionRow[] {
  const meant = batch.sessions.filter((session) => meansSession(filter, session));
  return meant.reverse().map((session) => ({ host: batch.host, ...session }));
}

/** What is missing of its host in a batch; null: nothing. */
export function lossOf({ host, after, upTo, sessions, countsAnew }: SessionBatch): LostSessions | null {
  const lost = Math.max(0, upTo - after - sessions.length);
  return lost === 0 && !countsAnew ? null : { host, sessions: lost, countedAnew: countsAnew ? 1 : 0 };
}

/** One row per host. */
export function sumLost(losses: readonly LostSessions[]): LostSessions[] {
  const byHost = new Map<string, LostSessions>();
  for (const { host, sessions, countedAnew } of losses) {
    const before = byHost.get(host) ?? { host, sessions: 0, countedAnew: 0 };
    byHost.set(host, {
      host,
      sessions: before.sessions + sessions,
      countedAnew: before.countedAnew + countedAnew,
    });
  }
  return [...byHost.values()];
}
