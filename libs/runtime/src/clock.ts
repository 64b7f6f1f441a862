import { setTimeout as wait } from 'node:timers/promises';

/** Time as a value that loops are given, so that a simulation can run them with a virtual one. */
export interface Clock {
  /** Wall time, ms since 1970. May step: for people and file names only. */
  now(): number;
  /** ms since some fixed point; never steps. For time-outs, leases, ages. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, signal ? { signal } : {});
    } catch {
      // Aborted: the caller looks at its signal.
    }
  },
};
