import type { LiveSession } from '@dolphin/protocol';
import { type Column, tableLines } from './table.js';
import { age, oneLine, shortBytes } from './words.js';

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
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

/** Clients that are there. Stream names are what clients made them: they are made safe for a terminal. */
export function clientLines(rows: readonly LiveSession[], { nowMs, width }: ClientLinesOptions): string[] {
  const cells = rows.map((row) => [
    oneLine(row.id),
    row.host,
    // It waits for one.
    oneLine(row.edge ?? 'waits'),
    oneLine(row.address),
    row.stream === null ? '-' : oneLine(row.stream),
    age(Math.max(0, nowMs - Date.parse(row.acceptedAt))),
    row.sentBytes === null ? '-' : shortBytes(row.sentBytes),
    row.use ?? '-',
    row.protocol,
  ]);
  return tableLines(COLUMNS, cells, width);
}
