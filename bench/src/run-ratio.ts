import type { Run } from './rounds.js';

/**
 * What a program costs against another: the median over the rounds in which runs of both count. Null: there is none.
 */
export function ratioOf(runs: readonly Run[], program: string, reference: string): number | null {
  const good = runs.filter((run) => run.void === null);
  const ratios = good
    .filter((run) => run.program === program)
    .flatMap((run) => {
      const other = good.find(({ program: name, round }) => name === reference && round === run.round);
      return other === undefined || other.cpuUsPerMb === 0 ? [] : [run.cpuUsPerMb / other.cpuUsPerMb];
    });
  return ratios.length === 0 ? null : Math.round(median(ratios) * 100) / 100;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}
