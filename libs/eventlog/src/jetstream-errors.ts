import { DolphinError } from '@dolphin/protocol';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';

/** 10071 says what is there instead, 10164 (newer servers) does not. */
const WRONG_LAST: ReadonlySet<number> = new Set([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);

/** Of nats-server's errors.json: resource limits of account and server, and "stream store failed" (maximum bytes exceeded). */
const FULL: ReadonlySet<number> = new Set([10_002, 10_023, 10_047, 10_077]);

/** The guard did not hold. */
export const isWrongLast = (code: number) => WRONG_LAST.has(code);
/** Nothing more can be stored until somebody makes room. */
export const isFull = (code: number) => FULL.has(code);
export const isStreamNotFound = (error: unknown) => apiCode(error) === JetStreamApiCodes.StreamNotFound;

/** JetStream's own error code, or 0 when it is none of its errors. */
export function apiCode(error: unknown): number {
  return error instanceof JetStreamApiError ? error.code : 0;
}

export function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}

export function unavailable(error: unknown): DolphinError {
  if (error instanceof DolphinError) return error;
  return new DolphinError('E_BUS_UNAVAILABLE', { why: whyOf(error) }, { cause: error });
}
