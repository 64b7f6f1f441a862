import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CliFile } from '@dolphin/protocol';
import { DolphinError, isText, listOf, NAME_PATTERN, optional, shapeOf } from '@dolphin/protocol/plain.js';

/** CLI_FILE_NAME of libs/protocol, which would load the schemas. */
const NAME = 'cli.json';

const isCliFile = shapeOf<CliFile>({
  v: (value): value is 1 => value === 1,
  farm: (value): value is string => isText(value) && NAME_PATTERN.test(value),
  api: listOf(isText),
  nats: isText,
  runDir: isText,
  credentials: optional(isText),
  tokenFile: optional(isText),
});

/** Others than its owner who may write it. */
const OTHERS_WRITE = 0o022;

/**
 * What `up` noted in this directory; null: nothing. Throws E_CONFIG for what cannot be read, and for a file that somebody else may
 * have written: it says which secrets are sent where, and a directory that one happens to stand in may be anybody's.
 */
export function readCliFile(dir: string): CliFile | null {
  const where = join(dir, NAME);
  let json: unknown;
  try {
    json = JSON.parse(readOwn(where));
  } catch (error) {
    if (error instanceof DolphinError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new DolphinError('E_CONFIG', { where, why: error instanceof Error ? error.message : String(error) });
  }
  if (isCliFile(json)) return json;
  throw new DolphinError('E_CONFIG', { where, why: 'it is not what up of this version writes' });
}

/** What is looked at is what is read, also when another file is put in its place. */
function readOwn(where: string): string {
  const file = openSync(where, 'r');
  try {
    const why = strangersOf(fstatSync(file), process.getuid?.() ?? 0);
    if (why !== null) throw new DolphinError('E_CONFIG', { where, why });
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Who else may say where secrets go, and what to do; null: the caller and root alone. */
export function strangersOf(file: { readonly uid: number; readonly mode: number }, ownUid: number): string | null {
  if (file.uid !== ownUid && file.uid !== 0) {
    return `it is of user ${file.uid}, who may send your secrets anywhere: name the farm by --api, or --nats`;
  }
  return (file.mode & OTHERS_WRITE) === 0 ? null : 'others may write it: chmod 600, if it is what up wrote';
}
