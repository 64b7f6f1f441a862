import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Lifecycle } from '@dolphin/runtime';
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
  mkdirSync(workDir, { recursive: true });
  process.chdir(workDir);
}

/** Written when the ports are ours, so that a second start does not take the first one's name from it. */
export function claimPidFile({ pidFile }: EdgeSettings, lifecycle: Lifecycle): void {
  if (pidFile === null) return;
  const path = resolve(pidFile);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${process.pid}`);
  } catch (error) {
    throw new ConfError(pidFile, 1, `the pid file cannot be written: ${(error as Error).message}`, { cause: error });
  }
  lifecycle.add('pid file', () => {
    try {
      if (readFileSync(path, 'utf8') === `${process.pid}`) unlinkSync(path);
    } catch {
      // It went before us.
    }
  });
}
