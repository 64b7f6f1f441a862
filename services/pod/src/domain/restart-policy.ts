/** When a failed edge is started again, and when the pod stops trying. */
export interface RestartPolicy {
  /** Failures within `windowMs` after which the pod gives up; null: never (a pod without a farm has nobody to ask). */
  readonly maxAttempts: number | null;
  readonly windowMs: number;
  /** Delay before the second restart in a row; the first is immediate, each further one doubles it. */
  readonly baseMs: number;
  readonly maxDelayMs: number;
  /** Part of the delay that is random, both ways: 0.25 is ±25 %. */
  readonly jitter: number;
  /** An edge that was ready this long is forgiven what came before. */
  readonly goodRunMs: number;
}

/** 10 tries take about 35 s with these delays, so the window of 60 s holds them all. */
export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  maxAttempts: 10,
  windowMs: 60_000,
  baseMs: 250,
  maxDelayMs: 10_000,
  jitter: 0.25,
  goodRunMs: 10_000,
};

export interface RestartHistory {
  /** When the failures within the window were (ms of the caller's monotonic clock), oldest first. */
  readonly failures: readonly number[];
  /** Failures since the last good run. */
  readonly streak: number;
}
export const NO_FAILURES: RestartHistory = { failures: [], streak: 0 };

export interface Failure {
  readonly at: number;
  /** How long it had been ready; null when it never was. */
  readonly readyForMs: number | null;
}

export type RestartDecision =
  | { readonly type: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly type: 'give-up'; readonly attempts: number; readonly history: RestartHistory };

/** `random` is in [0, 1). Delays are in ms. */
export function decideRestart(
  before: RestartHistory,
  failure: Failure,
  policy: RestartPolicy,
  random: number,
): RestartDecision {
  const forgiven = failure.readyForMs !== null && failure.readyForMs >= policy.goodRunMs;
  const kept = forgiven ? [] : before.failures.filter((at) => failure.at - at < policy.windowMs);
  const failures = [...kept, failure.at];
  const streak = forgiven ? 1 : before.streak + 1;
  const history: RestartHistory = { failures: failures.slice(-1000), streak };
  if (policy.maxAttempts !== null && failures.length >= policy.maxAttempts) {
    return { type: 'give-up', attempts: failures.length, history };
  }
  return { type: 'restart', delayMs: restartDelayMs(streak, policy, random), history };
}

function restartDelayMs(streak: number, policy: RestartPolicy, random: number): number {
  if (streak <= 1) return 0;
  const exponent = Math.min(streak - 2, 30);
  const delay = Math.min(policy.maxDelayMs, policy.baseMs * 2 ** exponent);
  return Math.round(delay * (1 + policy.jitter * (2 * random - 1)));
}
