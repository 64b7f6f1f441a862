import type { DolphinError } from '@dolphin/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type App, answers } from './app.js';

export interface HealthParts {
  /** Why calls that change something would be refused now; null: they would not. */
  unready(): DolphinError | null;
}

const Ok = z.object({ ok: z.literal(true) });

/** Alive, and able to do its work: for service managers and load balancers; and what the API is, for tools. */
export function addHealthRoutes(app: App, parts: HealthParts): void {
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
