import type { SessionHistory } from '@dolphin/eventlog';
import { DolphinError, type EndedSessionRow, type EndedSessionsAnswer, type LostSessions } from '@dolphin/protocol';
import type { Clock } from '@dolphin/runtime';
import { type EndedFilter, lossOf, rowsOf, sumLost } from '../domain/session-filter.js';
import { CLOCK_SKEW_MS, MAX_SEARCHES, SEARCH_DEADLINE_MS, SEARCH_MS, SEARCH_TURN_MS } from './bounds.js';
import { withDeadline } from './deadline.js';

export interface EndedQuery {
  readonly filter: EndedFilter;
  readonly limit: number;
  /** Of the stream: only what was stored before this. */
  readonly before?: number;
}

export interface SessionSearchDeps {
  readonly history: Pick<SessionHistory, 'readBack'>;
  readonly farmId: () => string | null;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
}

/**
 * Searches how sessions ended, from the newest back. A page ends when it has enough, or took long enough: then it says where to
 * go on. The leader's loop runs in this process, and gets its turn between messages.
 */
export class SessionSearch {
  readonly #deps: SessionSearchDeps;
  #running = 0;

  constructor(deps: SessionSearchDeps) {
    this.#deps = deps;
  }

  /** Throws E_LIMITED when others search, E_BUS_UNAVAILABLE. */
  async ended(query: EndedQuery): Promise<EndedSessionsAnswer> {
    if (this.#running >= MAX_SEARCHES) throw new DolphinError('E_LIMITED', { what: 'searches for sessions' });
    this.#running++;
    const search = this.#search(query).finally(() => {
      this.#running--;
    });
    const late = () => new DolphinError('E_BUS_UNAVAILABLE', { why: `no answer within ${SEARCH_DEADLINE_MS} ms` });
    return withDeadline(search, SEARCH_DEADLINE_MS, late);
  }

  async #search({ filter, limit, before }: EndedQuery): Promise<EndedSessionsAnswer> {
    const { history, farmId, clock } = this.#deps;
    let turn = clock.monotonic();
    const end = turn + SEARCH_MS;
    const sessions: EndedSessionRow[] = [];
    const losses: LostSessions[] = [];
    let unreadable = 0;
    const answer = (next: number | null): EndedSessionsAnswer => ({
      sessions,
      lost: sumLost(losses),
      unreadable,
      next,
    });
    const { host, sinceMs } = filter;
    for await (const { sequence, at, batch } of history.readBack({
      ...(before !== undefined && { before }),
      ...(host !== undefined && { host }),
    })) {
      // A session is stored after it ended, by clocks that nearly agree.
      if (sinceMs !== undefined && Date.parse(at) < sinceMs - CLOCK_SKEW_MS) return answer(null);
      if (batch === null) unreadable++;
      else if (batch.farmId === farmId()) {
        sessions.push(...rowsOf(filter, batch));
        const loss = lossOf(batch);
        if (loss !== null) losses.push(loss);
      }
      const now = clock.monotonic();
      if (sessions.length >= limit || now >= end) return answer(sequence);
      if (now - turn < SEARCH_TURN_MS) continue;
      await clock.sleep(0);
      turn = clock.monotonic();
    }
    return answer(null);
  }
}
