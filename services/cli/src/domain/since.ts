import { durationMs } from './duration.js';

/** Of a date without a zone nobody knows which one is meant. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** `90s`, `30m`, `2h`, `7d` before `nowMs`, or an ISO time with its zone, as ms since 1970; null: neither, or before 1970. */
export function sinceMs(text: string, nowMs: number): number | null {
  const ageMs = durationMs(text);
  const ms = ageMs !== null ? nowMs - ageMs : TIME.test(text) ? Date.parse(text) : Number.NaN;
  return ms >= 0 ? ms : null;
}
