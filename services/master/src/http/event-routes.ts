import { DolphinError, EventPage } from '@dolphin/protocol';
import { z } from 'zod';
import { MAX_EVENTS } from '../app/bounds.js';
import { type App, answers } from './app.js';
import { sendEvents } from './sse.js';

export interface EventParts {
  events(after: number, limit: number): Promise<EventPage>;
  /** Texts of server-sent events, until `signal` aborts. Throws DolphinError before the first. */
  eventStream(after: number, signal: AbortSignal): AsyncIterable<string>;
}

const DEFAULT_EVENTS = 100;
const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MAX_EVENTS).optional(),
});

const LastEventId = z.coerce.number().int().min(0);

export function addEventRoutes(app: App, parts: EventParts): void {
  const description =
    'A page of events. With `Accept: text/event-stream` all after `after` (or after Last-Event-ID), and those to come.';
  const schema = { description, querystring: EventsQuery, response: answers(EventPage) };
  app.get('/api/v1/events', { schema }, async (request, reply) => {
    const { after, limit } = request.query;
    if (!request.headers.accept?.includes('text/event-stream')) return parts.events(after, limit ?? DEFAULT_EVENTS);
    if (limit !== undefined) throw new DolphinError('E_BAD_REQUEST', { why: 'a stream of events has no limit' });
    const end = new AbortController();
    const texts = parts.eventStream(lastSeen(request.headers['last-event-id']) ?? after, end.signal);
    // It outlives this handler, which has given the connection away.
    void sendEvents(reply, texts, end);
    return reply;
  });
}

/** What a reader that was cut off has seen; null: it is a new one. */
function lastSeen(header: string | string[] | undefined): number | null {
  if (header === undefined || header === '') return null;
  const parsed = LastEventId.safeParse(header);
  if (!parsed.success) throw new DolphinError('E_BAD_REQUEST', { why: 'Last-Event-ID wants a sequence' });
  return parsed.data;
}
