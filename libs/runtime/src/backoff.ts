import { type Clock, systemClock } from './clock.js';

export interface BackoffOptions {
  /** Upper bound of the first delay, ms. */
  baseMs: number;
  /** Upper bound of every delay, ms. */
  maxMs: number;
}

/**
 * Delay before attempt `attempt` + 1, ms; attempts count from 1. Full jitter: anywhere from 0 to the exponential bound,
 * so that many who failed together do not come back together.
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const exponent = Math.min(Math.max(attempt - 1, 0), 52);
  const bound = Math.min(options.maxMs, options.baseMs * 2 ** exponent);
  return Math.floor(random() * bound);
}

export interface RetryOptions extends BackoffOptions {
  /** Attempts in all; Infinity is allowed with a signal. */
  attempts: number;
  signal?: AbortSignal;
  /** False ends the retrying: the error is thrown as it is. Default: every error is worth another attempt. */
  retryable?: (error: unknown) => boolean;
  onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  clock?: Clock;
  random?: () => number;
}

/** Calls `fn` until it resolves; the last error is the cause of the one thrown when attempts are used up. */
export async function retry<T>(what: string, fn: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock = systemClock, random = Math.random, retryable = () => true, signal } = options;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await fn();
    } catch (error) {
      if (!retryable(error)) throw error;
      if (attempt >= options.attempts) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`${what} failed ${attempt} times: ${why}`, { cause: error });
      }
      const delayMs = backoffMs(attempt, options, random);
      options.onRetry?.(error, attempt, delayMs);
      await clock.sleep(delayMs, signal);
    }
  }
}
