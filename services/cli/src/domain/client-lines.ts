import type { LiveSession } from '@dolphin/protocol';
import { type Column, tableLines } from './table.js';
import { age, shortBytes } from './words.js';

/** Those that dolphin gives are never cut: `kick` wants them whole. */
const MIN_ID_CHARS = 20;
const COLUMNS: readonly Column[] = [
  { title: 'ID', shrinkTo: MIN_ID_CHARS },
  { title: 'HOST', shrinkTo: 6 },
  { title: 'EDGE', shrinkTo: 8 },
  { title: 'ADDRESS', shrinkTo: 13 },
  { title: 'STREAM', shrinkTo: 12 },
  { title: 'FOR', align: 'right' },
  { title: 'SENT', align: 'right' },
  { title: 'USE', optional: true },
  { title: 'PROTO', optional: true },
];

export interface ClientLinesOptions {
  readonly nowMs: number;
  readonly width: number;
}

/** Clients that are there. */
export function clientLines(rows: readonly LiveSession[], { nowMs, width }: ClientLinesOptions): string[] {
  const cells = rows.map((row) => [
    row.id,
    row.host,
    // It waits for one.
    row.edge ?? 'waits',
    row.address,
    row.stream ?? '-',
    age(Math.max(0, nowMs - Date.parse(row.acceptedAt))),
    row.sentBytes === null ? '-' : shortBytes(row.sentBytes),
    row.use ?? '-',
    row.protocol,
  ]);
  return tableLines(COLUMNS, cells, width);
}
