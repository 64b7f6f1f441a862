import type { Finding } from './doctor.js';
import { wrap } from './table.js';
import { oneLine } from './words.js';

const WIDTH = 80;
/** Behind the level and the check. */
const INDENT = ' '.repeat(17);

/** A finding each, and below it what mends it. Commands are not broken: they are there to be copied. */
export function doctorLines(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ check, about, level, what, mend }) => {
    const words = `${level.padEnd(6)}  ${check.padEnd(7)}  ${oneLine(about)}: ${oneLine(what)}`;
    return [...wrap(words, WIDTH, INDENT), ...(mend === null ? [] : [`${INDENT}-> ${oneLine(mend)}`])];
  });
}
