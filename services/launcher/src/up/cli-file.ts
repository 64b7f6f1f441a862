import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI_FILE_NAME, type CliFile } from '@dolphin/protocol';
import type { Layout } from '../domain/layout.js';
import type { Places } from './places.js';

/** The name that masters and workers take when they are told none. */
const FARM = 'main';

/**
 * Notes where the CLI finds the farm of this directory. It stays when the farm has stopped: what it names does not answer
 * then, which is what a CLI should say.
 */
export function writeCliFile({ ports }: Layout, places: Places): void {
  const found: CliFile = {
    v: 1,
    farm: FARM,
    api: [`http://127.0.0.1:${ports.api}`],
    nats: `nats://127.0.0.1:${ports.nats}`,
    runDir: places.worker,
  };
  const path = join(places.dir, CLI_FILE_NAME);
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(found, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}
