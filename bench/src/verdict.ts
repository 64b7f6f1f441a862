import type { Run } from './rounds.js';
import { median, ratioOf } from './run-ratio.js';

/** A figure that is to be at most `target`. */
export interface Verdict {
  what: string;
  target: number;
  measured: number;
  met: boolean;
}

/** What a program may cost against another, or hold for each client. */
export type Target =
  | { program: string; atMost: number; times: string }
  | { program: string; atMost: number; kbPerClient: true };

/**
 * Above this share of HAProxy's figure, the floor is no floor: the machine was busy with something else. In quiet runs
 * it is between 0.5 and 0.65.
 */
const FLOOR_AT_MOST_OF_HAPROXY = 0.75;

/**
 * Why the runs say nothing, in sentences: one of `judged` starved, or the floor was none where that is to be looked at.
 * Empty: they count.
 */
export function voidReasons(
  runs: readonly Run[],
  { judged, checksFloor }: { judged: readonly string[]; checksFloor: boolean },
): string[] {
  const reasons = runs
    .filter((run) => judged.includes(run.program) && run.void !== null)
    .map((run) => `${run.program}, round ${run.round}: ${run.void}`);
  const share = checksFloor ? ratioOf(runs, 'floor', 'haproxy') : null;
  if (share !== null && share > FLOOR_AT_MOST_OF_HAPROXY) {
    reasons.push(`the floor took ${share} of HAProxy's CPU, more than ${FLOOR_AT_MOST_OF_HAPROXY}`);
  }
  return reasons;
}

/** Targets of programs that did not run are left out. */
export function judge(runs: readonly Run[], targets: readonly Target[]): Verdict[] {
  return targets.flatMap((target) => {
    const measured = measure(runs, target);
    return measured === null
      ? []
      : [{ what: wordsOf(target), target: target.atMost, measured, met: measured <= target.atMost }];
  });
}

function measure(runs: readonly Run[], target: Target): number | null {
  if ('times' in target) return ratioOf(runs, target.program, target.times);
  const own = runs.filter((run) => run.program === target.program && run.void === null);
  return own.length === 0 ? null : Math.round(median(own.map((run) => run.kbPerClient)) * 10) / 10;
}

function wordsOf(target: Target): string {
  return 'times' in target ? `${target.program}: CPU × ${target.times}` : `${target.program}: KB per client`;
}
