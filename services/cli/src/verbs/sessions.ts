import { type EndedSessionRow, type LostSessions, MAX_ENDED_SESSIONS } from '@dolphin/protocol';
import { lostLines, sessionLines } from '../domain/session-lines.js';
import type { MasterApi } from '../http/master-api.js';
import type { SessionsAsked } from '../sessions-command.js';
import { printJson, printLines, say } from './output.js';
import { tableWidth } from './table-width.js';

/** How sessions ended: the newest that the filters mean, oldest first. */
export async function sessions(api: MasterApi, o: SessionsAsked & { readonly json: boolean }): Promise<number> {
  const found = await newest(api, o);
  const rows = found.sessions.sort((a, b) => Date.parse(a.endedAt) - Date.parse(b.endedAt)).slice(-o.limit);
  const { lost, unreadable } = found;
  if (o.json) {
    printJson({ schema: 'dolphin.sessions/1', since: o.since, sessions: rows, lost, unreadable });
    return 0;
  }
  printLines(sessionLines(rows, { utcOffsetAt: (ms) => -new Date(ms).getTimezoneOffset(), width: tableWidth() }));
  for (const line of lostLines(lost, unreadable)) say(line);
  return 0;
}

interface Found {
  readonly sessions: EndedSessionRow[];
  readonly lost: LostSessions[];
  readonly unreadable: number;
}

/** Page by page, until there are enough or no more. */
async function newest(api: MasterApi, { filters, since, limit }: SessionsAsked): Promise<Found> {
  const sessions: EndedSessionRow[] = [];
  const lost = new Map<string, LostSessions>();
  let unreadable = 0;
  for (let before: number | null | undefined; before !== null && sessions.length < limit; ) {
    const page = await api.endedSessions({
      ...{ ...filters, since, limit: String(Math.min(MAX_ENDED_SESSIONS, limit - sessions.length)) },
      ...(before !== undefined && { before: String(before) }),
    });
    sessions.push(...page.sessions);
    unreadable += page.unreadable;
    for (const one of page.lost) {
      const { sessions: count = 0, countedAnew = 0 } = lost.get(one.host) ?? {};
      lost.set(one.host, { ...one, sessions: one.sessions + count, countedAnew: one.countedAnew + countedAnew });
    }
    // One that does not go on would be asked for ever.
    before = page.next !== null && page.next < (before ?? Number.POSITIVE_INFINITY) ? page.next : null;
  }
  return { sessions, lost: [...lost.values()], unreadable };
}
