import type { SpecVersion } from '@dolphin/protocol';
import { type Column, tableLines } from './table.js';
import { localTime, oneLine } from './words.js';

const COLUMNS: readonly Column[] = [
  { title: 'SPEC', align: 'right' },
  { title: 'AT' },
  { title: 'EDGES' },
  { title: 'ENGINE', shrinkTo: 7, optional: true },
  { title: 'WHO', shrinkTo: 8 },
  { title: 'WHY', shrinkTo: 8 },
];

/** Versions of the specification, in the order given. */
export function historyLines(versions: readonly SpecVersion[], utcOffsetAt: (ms: number) => number): string[] {
  const rows = versions.map(({ version, at, spec, who, why, rollbackOf }) => {
    const { date, time } = localTime(at, utcOffsetAt);
    const edges = 'perHost' in spec.edges ? `${spec.edges.perHost} per host` : `${spec.edges.total} in all`;
    const back = rollbackOf === undefined ? [] : [`back to ${rollbackOf}`];
    const reasons = [...back, ...(why === undefined ? [] : [oneLine(why)])];
    return [
      String(version),
      `${date} ${time.slice(0, 8)}`,
      edges,
      spec.engine,
      oneLine(who),
      reasons.join(': ') || '-',
    ];
  });
  return tableLines(COLUMNS, rows);
}
