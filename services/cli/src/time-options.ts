import { type Command, InvalidArgumentError } from 'commander';
import { durationMs } from './domain/duration.js';

/** A day: who waits longer looks again tomorrow. */
const MAX_TIMEOUT_MS = 24 * 3_600_000;

/** Reads an option's value in milliseconds. */
export function duration(text: string): number {
  const ms = durationMs(text);
  if (ms === null || ms > MAX_TIMEOUT_MS)
    throw new InvalidArgumentError('It wants a time of 24h at most, as 500ms, 30s, 5m or 2h.');
  return ms;
}

/** Edges that change one after another, each after its drain, take their time. */
const SETTLE_TIMEOUT = '10m';

export interface SettleOptions {
  readonly wait?: boolean;
  readonly timeout: number;
}

export function addSettleOptions(verb: Command): Command {
  return verb
    .option('--wait', 'until the farm is so')
    .option(
      '--timeout <time>',
      `how long --wait waits (default: ${SETTLE_TIMEOUT})`,
      duration,
      duration(SETTLE_TIMEOUT),
    );
}

/** Null: it is not waited for. */
export function settleMs({ wait, timeout }: SettleOptions): number | null {
  return wait ? timeout : null;
}
