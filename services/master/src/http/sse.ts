import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

/** A reader that takes nothing for so long is cut off: it comes back with the last id that it has. */
const DRAIN_MS = 10_000;
/** A reader whose machine is gone is found by the kernel: nothing else would end its connection. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Writes texts as they come, never more than one ahead of a reader, until they or the connection end; then `end` is aborted.
 * Never rejects.
 */
export async function sendEvents(
  reply: Pick<FastifyReply, 'hijack' | 'raw'>,
  texts: AsyncIterable<string>,
  end: AbortController,
  drainMs = DRAIN_MS,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.on('close', () => end.abort());
  raw.on('error', () => end.abort());
  raw.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // Of nginx: what it holds back nobody sees in time.
    'x-accel-buffering': 'no',
  });
  try {
    for await (const text of texts) {
      if (end.signal.aborted) return;
      if (!raw.write(text))
        await once(raw, 'drain', { signal: AbortSignal.any([end.signal, AbortSignal.timeout(drainMs)]) });
    }
    raw.end();
  } catch {
    // It is gone, or takes nothing.
    raw.destroy();
  } finally {
    end.abort();
  }
}
