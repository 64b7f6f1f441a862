import type { EndedSessionRow, LostSessions } from '@dolphin/protocol';
import { type Column, tableLines } from './table.js';
import { age, localTime, shortBytes } from './words.js';

const COLUMNS: readonly Column[] = [
  { title: 'ENDED' },
  { title: 'HOST', shrinkTo: 6 },
  { title: 'EDGE', optional: true },
  { title: 'ADDRESS', shrinkTo: 13 },
  { title: 'STREAM', shrinkTo: 12 },
  { title: 'USE', optional: true },
  { title: 'AFTER', align: 'right' },
  { title: 'SENT', align: 'right', optional: true },
  { title: 'END' },
];

export interface SessionLinesOptions {
  /** Minutes that local time is ahead of UTC at a time, in ms since 1970. */
  readonly utcOffsetAt: (ms: number) => number;
  readonly width: number;
}

/** Ended sessions as a table, and a line where a day begins. */
export function sessionLines(rows: readonly EndedSessionRow[], o: SessionLinesOptions): string[] {
  const ends = rows.map(({ endedAt }) => localTime(endedAt, o.utcOffsetAt));
  const cells = rows.map((row, index) => [
    (ends[index]?.time ?? '').slice(0, 8),
    row.host,
    row.edge ?? '-',
    row.address,
    row.stream ?? '-',
    row.use ?? '-',
    age(Math.max(0, Date.parse(row.endedAt) - Date.parse(row.acceptedAt))),
    row.sentBytes === null ? '-' : shortBytes(row.sentBytes),
    row.end,
  ]);
  const [header = '', ...lines] = tableLines(COLUMNS, cells, o.width);
  const dated = lines.flatMap((line, index) => {
    const date = ends[index]?.date;
    return date === ends[index - 1]?.date ? [line] : [`-- ${date}`, line];
  });
  return [header, ...dated];
}

/** What is missing among what was looked at, in words. */
export function lostLines(lost: readonly LostSessions[], unreadable: number): string[] {
  const lines = lost.flatMap(({ host, sessions, countedAnew }) => [
    ...(sessions > 0 ? [`${sessions} ended sessions of ${host} were lost before they could be shipped`] : []),
    ...(countedAnew > 0 ? [`${host} lost its file of ended sessions, and an unknown number of them`] : []),
  ]);
  return unreadable > 0 ? [...lines, `${unreadable} messages are of another version, and cannot be read`] : lines;
}
