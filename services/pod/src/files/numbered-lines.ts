import { existsSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A place is remembered for each so many lines: a page begins near where it is read from. */
const LINES_PER_MARK = 256;

/** A file of JSON lines that each begin with their number, `{"n":17,`, without gaps: where its lines are. */
export interface NumberedLines {
  /** Of its first line; null: it is empty. */
  first: number | null;
  /** Of its last line; null: it is empty. */
  last: number | null;
  bytes: number;
  /** Where lines first, first + LINES_PER_MARK, … begin. */
  readonly marks: number[];
}

export function noLines(): NumberedLines {
  return { first: null, last: null, bytes: 0, marks: [] };
}

/** Takes note of a line that stands, or is about to stand, at the end. */
export function addLine(lines: NumberedLines, n: number, bytes: number): void {
  lines.first ??= n;
  if ((n - lines.first) % LINES_PER_MARK === 0) lines.marks.push(lines.bytes);
  lines.last = n;
  lines.bytes += bytes;
}

/** What stands in the file up to its first line that is torn, or no line of ours; `bytes` are those of the whole lines. */
export function scanLines(path: string): { lines: NumberedLines; tornBytes: number } {
  const lines = noLines();
  if (!existsSync(path)) return { lines, tornBytes: 0 };
  const text = readFileSync(path);
  for (;;) {
    const feed = text.indexOf(10, lines.bytes);
    if (feed === -1) break;
    const n = Number(/^\{"n":(\d{1,15}),/.exec(text.toString('latin1', lines.bytes, lines.bytes + 24))?.[1]);
    // Readers count on the numbers: what follows a gap cannot be told apart from garbage.
    if (!(n >= 1) || text[feed - 1] !== 125 || (lines.last !== null && n !== lines.last + 1)) break;
    addLine(lines, n, feed + 1 - lines.bytes);
  }
  return { lines, tornBytes: text.length - lines.bytes };
}

/** The lines with numbers from `from` on, at most `limit`. */
export async function readLines(path: string, lines: NumberedLines, from: number, limit: number): Promise<string[]> {
  if (lines.first === null || lines.last === null || from > lines.last) return [];
  const skip = Math.max(0, from - lines.first);
  const start = lines.marks[Math.floor(skip / LINES_PER_MARK)] ?? lines.bytes;
  const end = lines.marks[Math.ceil((skip + limit) / LINES_PER_MARK)] ?? lines.bytes;
  const text = await readPart(path, start, end);
  return text
    .split('\n')
    .slice(skip % LINES_PER_MARK, (skip % LINES_PER_MARK) + limit)
    .filter((line) => line !== '');
}

async function readPart(path: string, start: number, end: number): Promise<string> {
  const buffer = Buffer.alloc(end - start);
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'r');
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file?.close();
  }
}
