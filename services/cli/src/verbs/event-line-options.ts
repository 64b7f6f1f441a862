import type { EventLinesOptions } from '../domain/event-line.js';

/** Narrower than this nothing is pleasant to read. */
const LEAST_WIDTH = 80;

/** Times as they are here, and lines as the terminal is. */
export function lineOptions(): EventLinesOptions {
  const width = process.stdout.isTTY ? Math.max(LEAST_WIDTH, process.stdout.columns) : null;
  return { utcOffsetAt: (ms) => -new Date(ms).getTimezoneOffset(), width };
}
