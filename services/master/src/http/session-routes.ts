import {
  ClientProtocol,
  EndedSessionsAnswer,
  ErrorAnswer,
  HostId,
  KickAnswer,
  LiveSessionsAnswer,
  MAX_ENDED_SESSIONS,
  MAX_SESSION_PAGE,
  MAX_STREAM_CHARS,
  OperatorRequest,
  SessionEnd,
  SessionId,
} from '@dolphin/protocol';
import { z } from 'zod';
import type { LiveSessions } from '../app/live-sessions.js';
import type { EndedQuery } from '../app/session-search.js';
import { addressFilter } from './address-filter.js';
import { type App, answers } from './app.js';

export interface SessionParts {
  endedSessions(query: EndedQuery): Promise<EndedSessionsAnswer>;
  readonly liveSessions: Pick<LiveSessions, 'find' | 'kick'>;
}

const NOTHING_SAID = OperatorRequest.parse({});

/** Strict: a filter that is ignored would answer another question. */
const CommonQuery = z.strictObject({
  host: HostId.optional(),
  edge: z.string().min(1).max(64).optional(),
  stream: z.string().min(1).max(MAX_STREAM_CHARS).optional(),
  /** An address, or a prefix (`203.0.113.0/24`). */
  address: z
    .string()
    .max(64)
    .refine((text) => addressFilter(text) !== null, 'neither an address nor a prefix')
    .optional(),
});

const LiveSessionsQuery = CommonQuery.extend({
  protocol: ClientProtocol.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_SESSION_PAGE).default(100),
});

const EndedSessionsQuery = CommonQuery.extend({
  end: SessionEnd.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_ENDED_SESSIONS).default(100),
});

export function addSessionRoutes(app: App, parts: SessionParts): void {
  const response = { 200: EndedSessionsAnswer, default: ErrorAnswer };
  app.get('/api/v1/sessions/ended', { schema: { querystring: EndedSessionsQuery, response } }, (request) =>
    parts.endedSessions(queryOf(request.query)),
  );
  const live = { querystring: LiveSessionsQuery, response: answers(LiveSessionsAnswer) };
  app.get('/api/v1/sessions', { schema: live }, ({ query: { host, limit, ...filter } }) =>
    parts.liveSessions.find({ host, filter, limit }),
  );
  const kick = {
    params: z.object({ session: SessionId }),
    querystring: z.strictObject({ host: HostId.optional() }),
    body: OperatorRequest.nullish(),
    response: answers(KickAnswer),
  };
  app.delete('/api/v1/sessions/:session', { schema: kick }, ({ params, query, body }) =>
    parts.liveSessions.kick(params.session, query.host, body ?? NOTHING_SAID),
  );
}

function queryOf(asked: z.infer<typeof EndedSessionsQuery>): EndedQuery {
  const { host, edge, stream, address, end, since, before, limit } = asked;
  const isMeant = address === undefined ? null : addressFilter(address);
  return {
    limit,
    ...(before !== undefined && { before }),
    filter: {
      ...(host !== undefined && { host }),
      ...(edge !== undefined && { edge }),
      ...(stream !== undefined && { stream }),
      ...(isMeant !== null && { isMeant }),
      ...(end !== undefined && { end }),
      ...(since !== undefined && { sinceMs: Date.parse(since) }),
    },
  };
}
