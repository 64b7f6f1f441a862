import { DolphinError, EventPage } from '@dolphin/protocol';
import { z } from 'zod';
import { MAX_EVENTS } from '../app/bounds.js';
import { type App, answers } from './app.js';

export interface EventParts {
  events(after: number, limit: number): Promise<EventPage>;
}

const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MAX_EVENTS).default(100),
});

export function addEventRoutes(app: App, parts: EventParts): void {
  app.get('/api/v1/events', { schema: { querystring: EventsQuery, response: answers(EventPage) } }, (request) => {
    if (request.headers.accept?.includes('text/event-stream')) {
      throw new DolphinError('E_NOT_YET', { what: 'events as a stream (SSE)' });
    }
    return parts.events(request.query.after, request.query.limit);
  });
}
