import type { PodLimits, Session, SessionPage } from '@dolphin/protocol';
import {
  ClientProtocol,
  DolphinError,
  type EndedSessionPage,
  type LimitsState,
  MAX_SESSION_PAGE,
} from '@dolphin/protocol';
import { parsePrefix } from '../domain/ip-prefix.js';
import { CheckedLimits } from '../domain/limits-schema.js';
import type { SessionFilter } from '../domain/session-table.js';

/** What the control API can do with clients. */
export interface ClientsApi {
  sessions(filter: SessionFilter, limit: number): Promise<SessionPage>;
  endedSessions(after: number, limit: number): Promise<EndedSessionPage>;
  /** False: there is no such session. */
  kick(sessionId: Session['id']): boolean;
  limits(): LimitsState;
  /** `close`: sessions of addresses that are denied by these end. */
  setLimits(limits: PodLimits, o: { close: boolean }): Promise<LimitsState>;
  resetLimits(): Promise<LimitsState>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const DEFAULT_SESSIONS = 100;
const DEFAULT_ENDED = 500;

/** Answers what is asked about sessions and limits; null: it is about something else. Throws DolphinError. */
export async function answerAboutClients(
  request: { method: string; url: URL; body: () => Promise<string> },
  api: ClientsApi,
): Promise<Answer | null> {
  const { method, url } = request;
  const { pathname: path, searchParams: query } = url;
  const kicked = method === 'DELETE' ? /^\/v1\/sessions\/([\w-]{1,64})$/.exec(path)?.[1] : undefined;
  if (kicked !== undefined) {
    if (!api.kick(kicked)) throw new DolphinError('E_NOT_FOUND', { what: `session ${kicked}` });
    return { status: 202, body: {} };
  }
  switch (`${method} ${path}`) {
    case 'GET /v1/sessions': {
      const limit = wholeNumber(query, 'limit', DEFAULT_SESSIONS);
      if (limit > MAX_SESSION_PAGE) throw bad(`limit: at most ${MAX_SESSION_PAGE}`);
      return { status: 200, body: await api.sessions(filterOf(query), limit) };
    }
    case 'GET /v1/sessions/ended': {
      const limit = wholeNumber(query, 'limit', DEFAULT_ENDED);
      return { status: 200, body: await api.endedSessions(wholeNumber(query, 'after', 0), limit) };
    }
    case 'GET /v1/limits':
      return { status: 200, body: api.limits() };
    case 'PUT /v1/limits': {
      const limits = parseLimits(await request.body());
      return { status: 200, body: await api.setLimits(limits, { close: flag(query, 'close') }) };
    }
    case 'DELETE /v1/limits':
      return { status: 200, body: await api.resetLimits() };
    default:
      return null;
  }
}

export function wholeNumber(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,15}$/.test(text)) throw bad(`${name} is not a whole number`);
  return Number(text);
}

/** Throws E_BAD_REQUEST. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DolphinError('E_BAD_REQUEST', { why: 'not JSON' }, { cause });
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

function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? 'false';
  if (text !== 'true' && text !== 'false') throw bad(`${name} is neither true nor false`);
  return text === 'true';
}

function parseLimits(text: string): PodLimits {
  const parsed = CheckedLimits.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw bad(`${issue?.path.join('.') || 'the limits'}: ${issue?.message}`);
}

function bad(why: string): DolphinError {
  return new DolphinError('E_BAD_REQUEST', { why });
}
