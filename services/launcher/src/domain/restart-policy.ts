/** When a program that `up` started, and that died, is started again. It never gives up: a person is watching. */
export interface RestartState {
  /** Deaths in a row, each after a run shorter than GOOD_RUN_MS. */
  readonly failures: number;
}

export const NO_FAILURES: RestartState = { failures: 0 };

/** A run this long shows that the start worked: the next death counts as the first. */
export const GOOD_RUN_MS = 10_000;
export const FIRST_DELAY_MS = 200;
/** Long enough not to burn a core on a hopeless start, short enough for a person who just repaired the cause. */
export const MAX_DELAY_MS = 5_000;
/** Two programs that died of the same cause do not come back at the same moment. */
const JITTER = 0.25;

/** `random` is in [0, 1). */
export function afterDeath(
  state: RestartState,
  uptimeMs: number,
  random: number,
): { state: RestartState; delayMs: number } {
  const failures = uptimeMs >= GOOD_RUN_MS ? 1 : state.failures + 1;
  const bound = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 16));
  return { state: { failures }, delayMs: Math.round(bound * (1 - JITTER * random)) };
}
