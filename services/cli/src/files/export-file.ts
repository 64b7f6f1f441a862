import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { ExportEnd, ExportHeader } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';

/** A message of the log, with its place, is below one MiB. */
const MAX_LINE_BYTES = 2 * 1024 * 1024;
const NEWLINE = 10;

export interface Exported {
  readonly header: ExportHeader;
  readonly end: ExportEnd;
}

/**
 * Writes an export as it comes, for its owner alone, beside `path`, and puts it there when its end is what it should be: a file
 * of that name is a whole export. A pipe or a device is not replaced by it, but written to. Throws E_UNREACHABLE for one that is not whole, E_CONFIG for a file that cannot be written.
 */
export async function writeExport(path: string, address: string, bytes: AsyncIterable<Uint8Array>): Promise<Exported> {
  const isReplaced = await isFileOrNothing(path);
  const part = isReplaced ? `${path}.part` : path;
  const file = await writable(path, () => open(part, 'w', 0o600));
  try {
    const exported = await copy(
      bytes,
      file,
      (why) => new DolphinError('E_UNREACHABLE', { what: 'the export', address, why }),
    );
    if (isReplaced) await writable(path, () => file.sync());
    await file.close();
    if (isReplaced) await writable(path, () => rename(part, path));
    return exported;
  } catch (error) {
    await file.close().catch(() => undefined);
    if (isReplaced) await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }

  async function copy(
    from: AsyncIterable<Uint8Array>,
    to: FileHandle,
    broken: (why: string) => DolphinError,
  ): Promise<Exported> {
    const hash = createHash('sha256');
    let header: ExportHeader | null = null;
    let lines = 0;
    // The last line is not of what it sums up: each is kept until another one follows.
    let held = Buffer.alloc(0);
    for await (const chunk of from) {
      await writable(path, () => to.write(chunk));
      held = Buffer.concat([held, chunk]);
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
}

async function isFileOrNothing(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // What keeps it from being written is said when it is.
    return true;
  }
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

async function writable<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DolphinError('E_CONFIG', { where, why }, { cause });
  }
}
