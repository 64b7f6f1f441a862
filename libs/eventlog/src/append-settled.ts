import { DolphinError } from '@dolphin/protocol';
import { backoffMs } from '@dolphin/runtime';
import type { AppendOutcome } from './log-store.js';

export interface AppendRequest {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly expectedLast: number;
  readonly messageId: string;
}

/** What one publish came to. `no-answer` alone leaves it open whether the message is stored. */
export type PublishResult =
  | { type: 'stored'; sequence: number }
  | { type: 'wrong-last' }
  | { type: 'no-answer'; why: string }
  | { type: 'not-stored'; why: string }
  | { type: 'refused'; error: DolphinError };

export interface MessagePlace {
  sequence: number;
  messageId: string;
}

/** One stream, asked at its leader. The two reads throw when there is no answer. */
export interface AppendBackend {
  publish(request: AppendRequest): Promise<PublishResult>;
  last(subject: string): Promise<MessagePlace | null>;
  /** The first message on `subject` above `sequence`. */
  firstAfter(subject: string, sequence: number): Promise<MessagePlace | null>;
  sleep(ms: number): Promise<void>;
  random(): number;
}

/** With 2 s per publish: a server that restarts is back within these, one that is gone does not hold a caller for long. */
const MAX_TRIES = 4;
const PAUSE = { baseMs: 100, maxMs: 1_000 };

/**
 * Publishes and, when that has no clear answer, finds out what became of it. The guard makes that possible: if our
 * message is stored, it is the first on its subject after the expected one; if the expected one is still the last, the same bytes
 * with the same id can be published again without harm.
 *
 * `mayBeStored`: an earlier call with this request ended unknown. Throws DolphinError when certainly nothing was stored.
 */
export async function appendSettled(
  backend: AppendBackend,
  request: AppendRequest,
  mayBeStored = false,
): Promise<AppendOutcome> {
  let why = 'no try was made';
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    if (attempt > 1) await backend.sleep(backoffMs(attempt, PAUSE, backend.random));
    const result = await backend.publish(request);
    if (result.type === 'stored') return { outcome: 'appended', sequence: result.sequence };
    if (result.type === 'refused') {
      if (!mayBeStored) throw result.error;
      why = result.error.message;
    } else if (result.type !== 'wrong-last') {
      why = result.why;
      if (result.type === 'no-answer') mayBeStored = true;
    }
    const found = await look(backend, request);
    if (found.type === 'settled') return found.outcome;
    if (found.type === 'no-answer') why = found.why;
  }
  if (!mayBeStored) throw new DolphinError('E_BUS_UNAVAILABLE', { why });
  return { outcome: 'unknown', why };
}

type Look = { type: 'settled'; outcome: AppendOutcome } | { type: 'open' } | { type: 'no-answer'; why: string };

async function look(backend: AppendBackend, { subject, messageId, expectedLast }: AppendRequest): Promise<Look> {
  try {
    const last = await backend.last(subject);
    if (last?.messageId === messageId) return appended(last.sequence);
    const lastSequence = last?.sequence ?? 0;
    if (lastSequence === expectedLast) return { type: 'open' };
    // Others may have written after ours: then ours is not the last, and stored all the same.
    const next = lastSequence > expectedLast ? await backend.firstAfter(subject, expectedLast) : null;
    if (next?.messageId === messageId) return appended(next.sequence);
    return { type: 'settled', outcome: { outcome: 'conflict', lastSequence } };
  } catch (error) {
    return { type: 'no-answer', why: error instanceof Error ? error.message : String(error) };
  }
}

function appended(sequence: number): Look {
  return { type: 'settled', outcome: { outcome: 'appended', sequence } };
}
