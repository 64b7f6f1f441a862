import {
  ClientProtocol,
  DolphinError,
  type EndedSessionPage,
  type LimitsState,
  MAX_SESSION_PAGE,
  type PodLimits,
  type SessionPage,
} from '@dolphin/protocol';
import { parsePrefix } from '../domain/ip-prefix.js';
import { CheckedLimits } from '../domain/limits-schema.js';
import type { SessionFilter } from '../domain/session-table.js';
import {
  type Answer,
  accepted,
  bad,
  type ControlRequest,
  flag,
  ok,
  parseBody,
  wholeNumber,
} from './control-request.js';

/** What the control API can do with clients. */
export interface ClientsApi {
  sessions(filter: SessionFilter, limit: number): Promise<SessionPage>;
  endedSessions(after: number, limit: number): Promise<EndedSessionPage>;
  /** False: there is no such session. */
  kick(sessionId: string): boolean;
  limits(): LimitsState;
  /** `close`: sessions of addresses that are denied by these end. */
  setLimits(limits: PodLimits, o: { close: boolean }): Promise<LimitsState>;
  resetLimits(): Promise<LimitsState>;
}

const DEFAULT_SESSIONS = 100;
const DEFAULT_ENDED = 500;

/** Answers what is asked about sessions and limits; null: it is about something else. Throws DolphinError. */
export async function answerAboutClients(request: ControlRequest, api: ClientsApi): Promise<Answer | null> {
  const { method, path, query } = request;
  const kicked = method === 'DELETE' ? /^\/v1\/sessions\/([\w-]{1,64})$/.exec(path)?.[1] : undefined;
  if (kicked !== undefined) {
    if (!api.kick(kicked)) throw new DolphinError('E_NOT_FOUND', { what: `session ${kicked}` });
    return accepted({});
  }
  switch (`${method} ${path}`) {
    case 'GET /v1/sessions': {
      const limit = wholeNumber(query, 'limit', DEFAULT_SESSIONS);
      if (limit > MAX_SESSION_PAGE) throw bad(`limit: at most ${MAX_SESSION_PAGE}`);
      return ok(await api.sessions(filterOf(query), limit));
    }
    case 'GET /v1/sessions/ended': {
      const limit = wholeNumber(query, 'limit', DEFAULT_ENDED);
      return ok(await api.endedSessions(wholeNumber(query, 'after', 0), limit));
    }
    case 'GET /v1/limits':
      return ok(api.limits());
    case 'PUT /v1/limits': {
      const limits = parseBody(CheckedLimits, await request.body());
      return ok(await api.setLimits(limits, { close: flag(query, 'close') }));
    }
    case 'DELETE /v1/limits':
      return ok(await api.resetLimits());
    default:
      return null;
  }
}

function filterOf(query: URLSearchParams): SessionFilter {
  const known = new Set(['edge', 'address', 'stream', 'protocol', 'limit']);
  for (const name of query.keys()) if (!known.has(name)) throw bad(`${name} is no filter`);
  const [edge, addressText, stream] = ['edge', 'address', 'stream'].map((name) => query.get(name));
  const address = addressText === null || addressText === undefined ? undefined : parsePrefix(addressText);
  if (address === null) throw bad(`address: ${addressText} is neither an address nor a prefix`);
  const protocol = query.get('protocol') === null ? undefined : ClientProtocol.safeParse(query.get('protocol'));
  if (protocol?.success === false) throw bad(`protocol: one of ${ClientProtocol.options.join(', ')}`);
  return {
    ...(typeof edge === 'string' && { edge }),
    ...(typeof stream === 'string' && { stream }),
    ...(address !== undefined && { address }),
    ...(protocol !== undefined && { protocol: protocol.data }),
  };
}
