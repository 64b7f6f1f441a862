import type { FastifyReply } from 'fastify';
import { sendTexts } from './send-texts.js';

/** Server-sent events; a reader that is cut off comes back with the last id that it has. Never rejects. */
export function sendEvents(
  reply: Pick<FastifyReply, 'hijack' | 'raw'>,
  texts: AsyncIterable<string>,
  end: AbortController,
  drainMs?: number,
): Promise<void> {
  const headers = {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // Of nginx: what it holds back nobody sees in time.
    'x-accel-buffering': 'no',
  };
  return sendTexts(reply, texts, end, { headers, drainMs });
}
