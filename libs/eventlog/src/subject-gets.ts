import { DolphinError } from '@dolphin/protocol';
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { messageIdOf } from './jetstream-append.js';

/** Looking back for the last messages on a subject, the first window is so many messages of the stream, each next twice that. */
const FIRST_WINDOW = 64;

/**
 * The messages on one subject, from `after` (exclusive) to `until` (inclusive), one request each. For whoever may make no
 * consumer: nats-server lets the maker of a push consumer choose where it delivers, whatever it may publish itself.
 */
export async function* messagesOn(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  { after, until }: { after: number; until: number },
): AsyncGenerator<StoredMsg> {
  for (let last = after; last < until; ) {
    const query = { seq: last + 1, next_by_subj: subject };
    const message: StoredMsg | null = await manager.streams.getMessage(stream, query);
    if (message === null || message.seq > until) return;
    yield message;
    last = message.seq;
  }
}

/** The same from `until` (inclusive) back to `first`, newest first: in windows, each in memory as a whole. */
export async function* messagesBackOn(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  { first, until }: { first: number; until: number },
): AsyncGenerator<StoredMsg> {
  for (let to = until, size = FIRST_WINDOW; to >= first; to -= size, size *= 2) {
    const after = Math.max(first, to - size + 1) - 1;
    const found: StoredMsg[] = [];
    for await (const message of messagesOn(manager, stream, subject, { after, until: to })) found.push(message);
    yield* found.reverse();
  }
}

/** A request each: some seconds of looking back, which nobody who only strays gets there by chance. */
const MAX_STRAYS = 10_000;

/** The newest message that somebody appended on the subject of `last`, which is the last one there; null: none. Throws E_LOG_UNREADABLE. */
export async function lastAppended(
  manager: JetStreamManager,
  stream: string,
  last: StoredMsg,
): Promise<StoredMsg | null> {
  if (messageIdOf(last) !== '') return last;
  let strays = 1;
  for await (const message of messagesBackOn(manager, stream, last.subject, { first: 1, until: last.seq - 1 })) {
    if (messageIdOf(message) !== '') return message;
    if (++strays > MAX_STRAYS) {
      const why = `the last ${MAX_STRAYS} on ${last.subject} were appended by nobody`;
      throw new DolphinError('E_LOG_UNREADABLE', { sequence: last.seq, why });
    }
  }
  return null;
}
