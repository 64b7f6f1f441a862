import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  ApplyAnswer,
  ApplyRequest,
  DolphinError,
  EdgeList,
  ErrorAnswer,
  EventPage,
  FarmView,
  HostList,
  InitAnswer,
  InitRequest,
} from '@dolphin/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { MAX_EVENTS } from '../app/bounds.js';
import { addSessionRoutes, type SessionParts } from './session-routes.js';

/** What the API stands on; the loops behind it are others'. */
export interface ApiParts extends SessionParts {
  view(): FarmView;
  events(after: number, limit: number): Promise<EventPage>;
  init(request: InitRequest): Promise<InitAnswer>;
  apply(request: ApplyRequest, ifMatch: number | null): Promise<ApplyAnswer>;
  /** Why calls that change something would be refused now; null: they would not. */
  unready(): DolphinError | null;
}

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, never, ZodTypeProvider>;

const Ok = z.object({ ok: z.literal(true) });
const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MAX_EVENTS).default(100),
});

export function addRoutes(untyped: FastifyInstance, parts: ApiParts): void {
  const app = untyped as unknown as App;
  const answers = <T extends z.ZodType>(ok: T) => ({ 200: ok, default: ErrorAnswer });

  app.get('/api/v1/farm', { schema: { response: answers(FarmView) } }, (request) => {
    refuseLater(request, ['at']);
    return parts.view();
  });
  app.get('/api/v1/hosts', { schema: { response: answers(HostList) } }, () => ({ hosts: parts.view().hosts }));
  app.get('/api/v1/edges', { schema: { response: answers(EdgeList) } }, () => ({ edges: parts.view().edges }));
  app.get('/api/v1/events', { schema: { querystring: EventsQuery, response: answers(EventPage) } }, (request) => {
    if (request.headers.accept?.includes('text/event-stream')) {
      throw new DolphinError('E_NOT_YET', { what: 'events as a stream (SSE)' });
    }
    return parts.events(request.query.after, request.query.limit);
  });
  addSessionRoutes(app, parts);

  app.post('/api/v1/init', { schema: { body: InitRequest, response: answers(InitAnswer) } }, (request) =>
    parts.init(request.body),
  );
  app.post('/api/v1/apply', { schema: { body: ApplyRequest, response: answers(ApplyAnswer) } }, (request) => {
    refuseLater(request, ['dryRun']);
    return parts.apply(request.body, readIfMatch(request.headers['if-match']));
  });

  // Alive, and able to do its work: for service managers and load balancers.
  app.get('/healthz', { schema: { response: answers(Ok) } }, () => ({ ok: true as const }));
  app.get('/readyz', { schema: { response: answers(Ok) } }, () => {
    const why = parts.unready();
    if (why) throw why;
    return { ok: true as const };
  });
  app.get('/openapi.json', { schema: { hide: true } }, (_: FastifyRequest, reply: FastifyReply) => {
    void reply.header('content-type', 'application/json').send(JSON.stringify(app.swagger()));
  });
}

/** Query parameters that the API is going to have: ignoring them would answer another question. */
function refuseLater(request: { query: unknown }, names: readonly string[]): void {
  for (const name of names) {
    const isAsked = typeof request.query === 'object' && request.query !== null && name in request.query;
    if (isAsked) throw new DolphinError('E_NOT_YET', { what: `?${name}=` });
  }
}

/** `"7"` → 7, as the spec version is shown; `*` and nothing → null. */
function readIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null;
  const match = /^\s*"?(\d{1,15})"?\s*$/.exec(header);
  if (!match?.[1])
    throw new DolphinError('E_BAD_REQUEST', { why: 'If-Match wants the spec version in quotes, like "7"' });
  return Number(match[1]);
}
