import { DolphinError, MAX_SESSION_BATCH_BYTES, SessionBatch, SessionBatchEnd } from '@dolphin/protocol';
import type { SessionEnd } from './session-history.js';

/** A message above this is none of ours. */
const MAX_BYTES = 2 * MAX_SESSION_BATCH_BYTES;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Throws E_TOO_LARGE. */
export function encodeBatch(batch: SessionBatch): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(batch));
  if (bytes.length > MAX_BYTES) {
    throw new DolphinError('E_TOO_LARGE', { what: 'the batch of sessions', limitBytes: MAX_BYTES });
  }
  return bytes;
}

/** Null: it cannot be read. */
export function decodeBatch(data: Uint8Array): SessionBatch | null {
  return read(SessionBatch, data);
}

/** Throws E_LOG_UNREADABLE. */
export function decodeEnd(data: Uint8Array, sequence: number): SessionEnd {
  const found = read(SessionBatchEnd, data);
  if (found === null) throw new DolphinError('E_LOG_UNREADABLE', { sequence, why: 'no batch of sessions' });
  const { upTo, sessions } = found;
  const last = sessions.at(-1);
  return { upTo, id: last?.n === upTo ? last.id : null };
}

function read<T>(schema: { parse(value: unknown): T }, data: Uint8Array): T | null {
  if (data.length > MAX_BYTES) return null;
  try {
    return schema.parse(JSON.parse(decoder.decode(data)));
  } catch {
    return null;
  }
}
