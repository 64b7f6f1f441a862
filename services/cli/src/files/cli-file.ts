import { join } from 'node:path';
import type { CliFile } from '@dolphin/protocol';
import { DolphinError, isText, listOf, optional, shapeOf } from '@dolphin/protocol/plain.js';
import { readJsonFile } from '@dolphin/runtime/json-file.js';

/** CLI_FILE_NAME of libs/protocol, which would load the schemas. */
const NAME = 'cli.json';

const isCliFile = shapeOf<CliFile>({
  v: (value): value is 1 => value === 1,
  farm: isText,
  api: listOf(isText),
  nats: isText,
  runDir: isText,
  credentials: optional(isText),
  tokenFile: optional(isText),
});

/** What `up` noted in this directory; null: nothing. Throws E_CONFIG for what cannot be read. */
export function readCliFile(dir: string): CliFile | null {
  const where = join(dir, NAME);
  const read = readJsonFile(where);
  if (read === null) return null;
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where, why: read.refused });
  if (isCliFile(read.json)) return read.json;
  throw new DolphinError('E_CONFIG', { where, why: 'it is not what up of this version writes' });
}
