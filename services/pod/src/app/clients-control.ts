import type { EndedSessionPage, LimitsState, PodLimits, SessionPage } from '@dolphin/protocol';
import type { SessionFilter } from '../domain/session-table.js';
import type { LimitsDesk } from './limits-desk.js';
import type { Router } from './router.js';
import type { Sessions } from './sessions.js';

export interface ClientsControlDeps {
  readonly sessions: Sessions;
  readonly ended: { page(after: number, limit: number): Promise<EndedSessionPage> };
  readonly limits: LimitsDesk;
  readonly router: Pick<Router, 'closeClients' | 'countBytes'>;
}

/** Shows clients, closes them, and says how many there may be: what the control API asks. */
export class ClientsControl {
  readonly #deps: ClientsControlDeps;

  constructor(deps: ClientsControlDeps) {
    this.#deps = deps;
  }

  async sessions(filter: SessionFilter, limit: number): Promise<SessionPage> {
    const { sessions, router } = this.#deps;
    const { total, ids } = sessions.find(filter, limit);
    const bytes = await router.countBytes(ids);
    return { total, sessions: ids.flatMap((id) => sessions.show(id, bytes.get(id)) ?? []) };
  }

  endedSessions(after: number, limit: number): Promise<EndedSessionPage> {
    return this.#deps.ended.page(after, limit);
  }

  kick(sessionId: string): boolean {
    const client = this.#deps.sessions.clientOf(sessionId);
    if (client === null) return false;
    this.#deps.router.closeClients([client], 'kicked');
    return true;
  }

  limits(): LimitsState {
    return this.#deps.limits.state;
  }

  async setLimits(wanted: PodLimits, { close }: { close: boolean }): Promise<LimitsState> {
    const { limits, sessions, router } = this.#deps;
    const state = await limits.set(wanted);
    if (close)
      router.closeClients(
        sessions.clientsFrom((address) => !limits.allows(address)),
        'limit',
      );
    return state;
  }

  resetLimits(): Promise<LimitsState> {
    return this.#deps.limits.reset();
  }
}
