import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockName } from './process-lock.js';

export type DirectoryLock =
  | { readonly held: true; release(): void }
  /** `pid` of the holder, as its pid file says; null when it says nothing. */
  | { readonly held: false; readonly pid: number | null };

/**
 * One process of a role per directory, which is made if need be. The lock is named after the directory, and never stale.
 * DIR/<role>.pid is written for people; it locks nothing.
 */
export async function lockDirectory(dir: string, role: string): Promise<DirectoryLock> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { dev, ino } = statSync(dir);
  const pidFile = join(dir, `${role}.pid`);
  const release = await lockName(`dolphin-${role}-${dev}-${ino}`);
  if (release === null) return { held: false, pid: pidIn(pidFile) };
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return { held: true, release };
}

function pidIn(path: string): number | null {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || null;
  } catch {
    return null;
  }
}
