import { createHash } from 'node:crypto';
import { ExportEnd, ExportHeader } from '@dolphin/protocol';

/** A message of the log, with its place, is below one MiB. */
const MAX_LINE_BYTES = 2 * 1024 * 1024;
const NEWLINE = 10;

export interface Exported {
  readonly header: ExportHeader;
  readonly end: ExportEnd;
}

/** Reads an export to its end, each piece handed to `onPiece` before the next is read. Throws what `broken` makes of it. */
export async function readExport(
  pieces: AsyncIterable<Uint8Array>,
  broken: (why: string) => Error,
  onPiece: (piece: Uint8Array) => Promise<unknown>,
): Promise<Exported> {
  const hash = createHash('sha256');
  let header: ExportHeader | null = null;
  let lines = 0;
  // The last line is not of what it sums up: each is kept until another one follows.
  let held = Buffer.alloc(0);
  for await (const piece of pieces) {
    await onPiece(piece);
    held = Buffer.concat([held, piece]);
    const before = held.lastIndexOf(NEWLINE, -2) + 1;
    const whole = held.subarray(0, before);
    if (header === null && before > 0) header = headerOf(whole.subarray(0, whole.indexOf(NEWLINE)));
    if (header === null && before > 0) throw broken('its first line is none of this version');
    hash.update(whole);
    for (const byte of whole) if (byte === NEWLINE) lines++;
    held = Buffer.from(held.subarray(before));
    if (held.length > MAX_LINE_BYTES) throw broken(`it has a line of more than ${MAX_LINE_BYTES} bytes`);
  }
  const end = ExportEnd.safeParse(jsonOf(held));
  if (header === null || !end.success) throw broken('it ended before its end');
  const sha256 = hash.digest('hex');
  if (end.data.sha256 !== sha256 || end.data.messages !== lines - 1) throw broken('its checksum is another');
  return { header, end: end.data };
}

function headerOf(line: Uint8Array): ExportHeader | null {
  const parsed = ExportHeader.safeParse(jsonOf(line));
  return parsed.success ? parsed.data : null;
}

function jsonOf(line: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(line).toString('utf8'));
  } catch {
    return undefined;
  }
}
