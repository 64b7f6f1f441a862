const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/**
 * Lines for a terminal of so many rows, written over what stands there: nothing is cleared first, which would flicker. What does
 * not fit is left out above the last line, since a line too many would scroll all of it away.
 */
export function frameOf(lines: readonly string[], rows: number): string {
  const room = Math.max(1, rows - 1);
  const over = lines.length - room;
  const fitting =
    over <= 0 || room < 3
      ? lines.slice(0, room)
      : [...lines.slice(0, room - 2), `… ${over + 1} more lines`, ...lines.slice(-1)];
  return `${HOME}${fitting.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}
