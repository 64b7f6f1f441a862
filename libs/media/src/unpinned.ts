import type { RtmpMessage } from './rtmp-message.js';

/** Memory is copied out of a buffer of which less than one part in so many would be kept. */
const WORTH_A_COPY = 2;

/**
 * Messages that are to be kept for a while. A payload may be a view into what one read of a socket brought, and keeps all of
 * that in memory: where the messages use less than half of such a buffer, their payloads are copied, so that what is kept
 * is at most twice what is counted.
 */
export function unpinned(messages: readonly RtmpMessage[]): readonly RtmpMessage[] {
  const used = new Map<ArrayBufferLike, number>();
  for (const { payload } of messages) used.set(payload.buffer, (used.get(payload.buffer) ?? 0) + payload.length);
  const isWasteful = (buffer: ArrayBufferLike) => (used.get(buffer) ?? 0) * WORTH_A_COPY < buffer.byteLength;
  if (![...used.keys()].some(isWasteful)) return messages;
  return messages.map((message) => {
    if (!isWasteful(message.payload.buffer)) return message;
    // Not from the pool, which would be kept by it in turn.
    const payload = Buffer.allocUnsafeSlow(message.payload.length);
    message.payload.copy(payload);
    return { ...message, payload };
  });
}
