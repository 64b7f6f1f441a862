import { compiledLogEnvelope, DolphinError, LogEnvelope, MAX_ENVELOPE_BYTES } from '@dolphin/protocol';
import type { LogItem } from './log-store.js';

/**
 * A compiled schema reads an envelope ten times as fast, and takes as long to make as thirty thousand reads: only who folds
 * a long log has it.
 */
const COMPILE_AFTER_READS = 10_000;
let reads = 0;
let fastEnvelope: typeof LogEnvelope = LogEnvelope;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The bytes of an envelope. It is parsed first: one unreadable message would stop every master from leading. */
export function encodeEnvelope(envelope: LogEnvelope): Uint8Array {
  const parsed = LogEnvelope.safeParse(envelope);
  if (!parsed.success) throw new DolphinError('E_INTERNAL', { why: `not an envelope: ${firstIssue(parsed.error)}` });
  const bytes = encoder.encode(JSON.stringify(parsed.data));
  if (bytes.length > MAX_ENVELOPE_BYTES) {
    throw new DolphinError('E_TOO_LARGE', { what: 'the log envelope', limitBytes: MAX_ENVELOPE_BYTES });
  }
  return bytes;
}

export interface RawMessage {
  sequence: number;
  at: string;
  subject: string;
  messageId: string;
  created: string;
  data: Uint8Array;
}

/** Never throws: what cannot be read is a value, too. */
export function decodeMessage(raw: RawMessage): LogItem {
  const { data, ...place } = raw;
  if (data.length > MAX_ENVELOPE_BYTES) {
    return { type: 'undecodable', ...place, why: `larger than ${MAX_ENVELOPE_BYTES} bytes` };
  }
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(data));
  } catch (error) {
    return { type: 'undecodable', ...place, why: error instanceof Error ? error.message : String(error) };
  }
  if (++reads === COMPILE_AFTER_READS) fastEnvelope = compiledLogEnvelope();
  const parsed = fastEnvelope.safeParse(json);
  if (!parsed.success) return { type: 'undecodable', ...place, why: firstIssue(parsed.error) };
  const { sequence, at, subject, messageId, created } = raw;
  return { type: 'stored', sequence, at, subject, messageId, created, envelope: parsed.data };
}

function firstIssue(error: { issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const issue = error.issues[0];
  const path = issue?.path.map(String).join('.');
  return path ? `${path}: ${issue?.message}` : (issue?.message ?? 'wrong shape');
}
