import { EndedSessionPage, SessionPage } from '@dolphin/protocol';
import { eventually } from '../../support/eventually.js';
import type { TestPod } from './test-pod.js';

export async function sessionsOf(pod: TestPod, query = ''): Promise<SessionPage> {
  return SessionPage.parse((await pod.call('GET', `/v1/sessions?limit=1000${query}`)).body);
}

export async function endedOf(pod: TestPod, after = 0): Promise<EndedSessionPage> {
  return EndedSessionPage.parse((await pod.call('GET', `/v1/sessions/ended?after=${after}&limit=1000`)).body);
}

/** Waits until `count` sessions have ended and are written down. */
export function whenEnded(pod: TestPod, count: number): Promise<EndedSessionPage['sessions']> {
  return eventually(
    async () => {
      const { sessions, newest } = await endedOf(pod);
      return newest >= count && sessions;
    },
    { what: `${count} sessions have ended`, deadlineMs: 20_000 },
  );
}

/** How often each end is there. */
export function endsOf(sessions: EndedSessionPage['sessions']): Record<string, number> {
  const ends: Record<string, number> = {};
  for (const { end } of sessions) ends[end] = (ends[end] ?? 0) + 1;
  return ends;
}
