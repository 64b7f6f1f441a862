import type { EventLinesOptions } from '../domain/event-line.js';
import { tableWidth } from './table-width.js';

/** Times as they are here, and lines as the terminal is. */
export function lineOptions(): EventLinesOptions {
  const width = process.stdout.isTTY ? tableWidth() : null;
  return { utcOffsetAt: (ms) => -new Date(ms).getTimezoneOffset(), width };
}
