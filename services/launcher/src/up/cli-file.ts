import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI_FILE_NAME, type CliFile, DEFAULT_FARM } from '@dolphin/protocol';
import type { FarmCredentials } from '../credentials/farm-credentials.js';
import type { Layout } from '../domain/layout.js';
import type { Places } from './places.js';

/**
 * Notes where the CLI finds the farm of this directory. It stays when the farm has stopped: what it names does not answer
 * then, which is what a CLI should say.
 */
export function writeCliFile({ address, ports }: Layout, places: Places, credentials: FarmCredentials | null): void {
  const found: CliFile = {
    v: 1,
    farm: DEFAULT_FARM,
    api: [`http://${address}:${ports.api}`],
    nats: `nats://${address}:${ports.nats}`,
    runDir: places.worker,
    ...(credentials && { credentials: credentials.cli, tokenFile: credentials.operateTokenFile }),
  };
  const path = join(places.dir, CLI_FILE_NAME);
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(found, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}
