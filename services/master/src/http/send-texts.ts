import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

/** A reader that takes nothing for so long is cut off. */
const DRAIN_MS = 10_000;
/** A reader whose machine is gone is found by the kernel: nothing else would end its connection. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Writes texts as they come, never more than one ahead of a reader, until they or the connection end; then `end` is aborted.
 * Texts that fail break the connection, so that nobody takes the half for the whole. Never rejects.
 */
export async function sendTexts(
  reply: Pick<FastifyReply, 'hijack' | 'raw'>,
  texts: AsyncIterable<string>,
  end: AbortController,
  { headers, drainMs = DRAIN_MS }: { headers: Readonly<Record<string, string>>; drainMs?: number | undefined },
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.on('close', () => end.abort());
  raw.on('error', () => end.abort());
  raw.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
  raw.writeHead(200, { ...headers });
  try {
    for await (const text of texts) {
      if (end.signal.aborted) return;
      if (raw.write(text)) continue;
      // A timer of ours: nothing but `any` holds a signal of AbortSignal.timeout there, and Node 20 may collect it unheard.
      const late = setTimeout(() => end.abort(), drainMs);
      await once(raw, 'drain', { signal: end.signal }).finally(() => clearTimeout(late));
    }
    raw.end();
  } catch {
    // It is gone, or takes nothing.
    raw.destroy();
  } finally {
    end.abort();
  }
}
