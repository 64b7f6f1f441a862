const DAY_S = 24 * 60 * 60;
const DISCONTINUITY_STEP_S = 5;

/** Where the numbers of a stream's playlist begin, at that second. */
export interface FirstNumbers {
  readonly firstNumber: number;
  readonly firstDiscontinuity: number;
}

/**
 * Numbers rise over restarts without anything being kept: those of segments begin with the time in seconds. So must those
 * of discontinuities, or hls.js (1.7) places what a new server gives it by the old one's clock, and stands; but it walks
 * through all numbers up to the newest each time that it reads a playlist. So they begin with the time of the day in steps
 * of 5 s, below 17,280: at midnight a restart is as if they were not there.
 */
export function firstNumbersAt(unixSeconds: number): FirstNumbers {
  return { firstNumber: unixSeconds, firstDiscontinuity: Math.floor((unixSeconds % DAY_S) / DISCONTINUITY_STEP_S) };
}
