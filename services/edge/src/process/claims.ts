import { mkdirSync, readFileSync } from 'node:fs';
import { ConfError } from '@dolphin/srs/conf.js';
import type { EdgeSettings } from '../domain/settings.js';

/** Descriptors that are no connections: logs, listeners, upstreams, what Node needs. SRS's number. */
const SPARE_FILES = 128;

/** A server that cannot open as many sockets as its conf promises must not start (SRS: exit 255). */
export function checkFileLimit({ maxConnections }: EdgeSettings, file: string): void {
  let text = '';
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return;
  }
  const limit = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.NaN);
  if (!(maxConnections + SPARE_FILES > limit)) return;
  throw new ConfError(
    file,
    1,
    `max_connections ${maxConnections} and ${SPARE_FILES} more are above the limit of ${limit} open files`,
  );
}

export function enterWorkDir({ workDir }: EdgeSettings): void {
  if (workDir === null) return;
  try {
    mkdirSync(workDir, { recursive: true });
    process.chdir(workDir);
  } catch (error) {
    throw new ConfError(workDir, 1, `the work_dir cannot be entered: ${(error as Error).message}`, { cause: error });
  }
}
