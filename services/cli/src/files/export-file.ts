import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { type Exported, readExport } from './exported.js';

/**
 * Writes an export as it comes, for its owner alone, beside `path`, and puts it there when its end is what it should be: a file
 * of that name is a whole export. A pipe or a device is not replaced by it, but written to. Throws E_UNREACHABLE for one that is
 * not whole, E_CONFIG for a file that cannot be written.
 */
export async function writeExport(path: string, address: string, pieces: AsyncIterable<Uint8Array>): Promise<Exported> {
  const isReplaced = await isFileOrNothing(path);
  const part = isReplaced ? `${path}.${randomUUID()}.part` : path;
  const broken = (why: string) => new DolphinError('E_UNREACHABLE', { what: 'the export', address, why });
  const file = await writable(path, () => open(part, isReplaced ? 'wx' : 'w', 0o600));
  try {
    const exported = await readExport(pieces, broken, (piece) => writable(path, () => file.appendFile(piece)));
    if (isReplaced) await writable(path, () => file.sync());
    await file.close();
    if (isReplaced) await writable(path, () => rename(part, path));
    return exported;
  } catch (error) {
    await file.close().catch(() => undefined);
    if (isReplaced) await rm(part, { force: true }).catch(() => undefined);
    throw error;
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

async function writable<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DolphinError('E_CONFIG', { where, why }, { cause });
  }
}
