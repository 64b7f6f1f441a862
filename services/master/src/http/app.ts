import type { IncomingMessage, ServerResponse } from 'node:http';
import { DolphinError, ErrorAnswer } from '@dolphin/protocol';
import type { FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';

/** The server, as those see it that add routes. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, never, ZodTypeProvider>;

/** Of a route: this when it went well, and otherwise an error of the table. */
export const answers = <T extends z.ZodType>(ok: T) => ({ 200: ok, default: ErrorAnswer });

/** Query parameters that the API is going to have: ignoring them would answer another question. */
export function refuseLater(request: { query: unknown }, names: readonly string[]): void {
  for (const name of names) {
    const isAsked = typeof request.query === 'object' && request.query !== null && name in request.query;
    if (isAsked) throw new DolphinError('E_NOT_YET', { what: `?${name}=` });
  }
}
