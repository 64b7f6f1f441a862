import type { PlanAnswer, PlannedStep } from '@dolphin/protocol';
import { edgeName } from '@dolphin/protocol/plain.js';
import { type Column, tableLines } from './table.js';
import { oneLine } from './words.js';

const DIFFERENCE_COLUMNS: readonly Column[] = [
  { title: 'FIELD', shrinkTo: 12 },
  { title: 'NOW', shrinkTo: 12 },
  { title: 'THEN', shrinkTo: 12 },
];
const STEP_COLUMNS: readonly Column[] = [
  { title: 'STEP' },
  { title: 'HOST', shrinkTo: 6 },
  { title: 'EDGE' },
  { title: 'WHY', shrinkTo: 12 },
];
/** More steps than this nobody reads; --json has them all. */
const MAX_STEPS = 40;

/** What an apply would do now. */
export function planLines({ specVersion, differences, steps }: PlanAnswer): string[] {
  if (differences.length === 0 && steps.length === 0) return [`nothing to do: spec ${specVersion} asks for the same`];
  const lines: string[] = [];
  if (differences.length > 0) {
    const rows = differences.map(({ field, from, to }) => [oneLine(field), shown(from), shown(to)]);
    lines.push(...tableLines(DIFFERENCE_COLUMNS, rows), '');
  }
  if (steps.length > 0) {
    const rows = steps.slice(0, MAX_STEPS).map((step) => [step.action, step.host, edgeName(step), oneLine(step.why)]);
    lines.push(...tableLines(STEP_COLUMNS, rows));
    if (steps.length > MAX_STEPS) lines.push(`… and ${steps.length - MAX_STEPS} more`);
    lines.push('');
  }
  const count = (action: PlannedStep['action']) => steps.filter((step) => step.action === action).length;
  lines.push(
    `from spec ${specVersion}: ${count('assign')} to assign, ${count('release')} to release, ${count('update')} to update`,
  );
  return lines;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '-';
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}
