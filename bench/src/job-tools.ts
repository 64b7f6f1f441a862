import { UsageError } from '@dolphin/runtime';
import { MAX_PLAYERS } from './load.js';
import { type Report, reportText } from './report.js';

export const EXIT_VOID = 1;

/** What a command line asks for; its result is the exit code. */
export type Job = () => Promise<number>;

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function tell(report: Report, asJson: boolean | undefined): number {
  process.stdout.write(asJson === true ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return report.void.length > 0 ? EXIT_VOID : 0;
}

/** Of a flag --players, or of another that says how many clients there are. Throws UsageError. */
export function playersOf(value: number | undefined, fallback: number, name = 'players'): number {
  const players = atLeastOne(name, value, fallback);
  if (players > MAX_PLAYERS) throw new UsageError(`--${name} is at most ${MAX_PLAYERS}`);
  return players;
}

export function atLeastOne(name: string, value: number | undefined, fallback: number): number {
  const number = value ?? fallback;
  if (number < 1) throw new UsageError(`--${name} is at least 1`);
  return number;
}
