import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export type DirectoryLock =
  | { readonly held: true; release(): void }
  /** `pid` of the holder, as its pid file says; null when it says nothing. */
  | { readonly held: false; readonly pid: number | null };

/**
 * One process of a role per directory, which is made if need be. The lock is an abstract unix socket named after the
 * directory: the kernel gives it to one process and takes it back when that ends, however it ends, so that none is ever
 * stale. DIR/<role>.pid is written for people; it locks nothing.
 */
export async function lockDirectory(dir: string, role: string): Promise<DirectoryLock> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { dev, ino } = statSync(dir);
  const pidFile = join(dir, `${role}.pid`);
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`\0dolphin-${role}-${dev}-${ino}`, resolve);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return { held: false, pid: pidIn(pidFile) };
  }
  server.on('error', () => undefined);
  server.unref();
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return { held: true, release: () => void server.close() };
}

function pidIn(path: string): number | null {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || null;
  } catch {
    return null;
  }
}
