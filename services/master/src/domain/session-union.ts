import type { LiveSession, SessionPage } from '@dolphin/protocol';

/** The oldest `limit` of what hosts told, oldest first. Each told its own oldest. */
export function oldestOf(pages: ReadonlyMap<string, SessionPage>, limit: number): LiveSession[] {
  const rows = [...pages].flatMap(([host, { sessions }]) => sessions.map((session) => ({ host, ...session })));
  return rows
    .sort((a, b) => Date.parse(a.acceptedAt) - Date.parse(b.acceptedAt) || compare(a.host, b.host))
    .slice(0, limit);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
