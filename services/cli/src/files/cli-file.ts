import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CliFile } from '@dolphin/protocol';
import { DolphinError, isText, listOf, shapeOf } from '@dolphin/protocol/plain.js';

/** CLI_FILE_NAME of libs/protocol, which would load the schemas. */
const NAME = 'cli.json';

const isCliFile = shapeOf<CliFile>({
  v: (value): value is 1 => value === 1,
  farm: isText,
  api: listOf(isText),
  nats: isText,
  runDir: isText,
});

/** What `up` noted in this directory; null: nothing. Throws E_CONFIG for what cannot be read. */
export function readCliFile(dir: string): CliFile | null {
  const where = join(dir, NAME);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(where, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new DolphinError('E_CONFIG', { where, why: error instanceof Error ? error.message : String(error) });
  }
  if (isCliFile(json)) return json;
  throw new DolphinError('E_CONFIG', { where, why: 'it is not what up of this version writes' });
}
