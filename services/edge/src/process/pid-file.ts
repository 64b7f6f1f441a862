import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { lockName } from '@dolphin/runtime';

/** SRS: ERROR_SYSTEM_PID_ACQUIRE and ERROR_SYSTEM_PID_ALREADY_RUNNING, as far as an exit code has room for them. */
const EXIT_NO_FILE = 10;
const EXIT_RUNNING = 11;

/** It cannot be had. */
export class PidFileError extends Error {
  override readonly name = 'PidFileError';
  readonly exitCode: number;

  constructor(why: string, exitCode: number, options?: ErrorOptions) {
    super(why, options);
    this.exitCode = exitCode;
  }
}

export interface PidFile {
  /** When the ports are ours: until then the number in a file that was there may be that of another program. */
  write(): void;
  /** Takes it away again, if it is still ours. */
  remove(): void;
}

/**
 * One process per pid file, for as long as it lives. One that is not there yet is made with our pid in it: an empty one could not
 * be told to be ours when it is to go. `lock`: as `lockName`. Throws PidFileError.
 */
export async function holdPidFile(file: string, lock = lockName): Promise<PidFile> {
  const path = resolve(file);
  const release = await lock(`dolphin-edge-pid-${orRefuse(() => nameOf(path))}`);
  if (release === null) {
    throw new PidFileError(`it runs already: another process has the pid file ${path}`, EXIT_RUNNING);
  }
  orRefuse(() => makeOrCheck(path));
  return {
    write: () => writeFileSync(path, `${process.pid}`),
    remove: () => {
      try {
        if (readFileSync(path, 'utf8') === `${process.pid}`) unlinkSync(path);
      } catch {
        // It went before us.
      }
      // Not before: the next one, which may have it from here on, would lose its file to us.
      release();
    },
  };
}

/**
 * What tells this file from any other of the machine: its directory's number, and its name. Not its own number, which the
 * next file anywhere gets when it is removed; nor its path, which is another's in another container.
 */
function nameOf(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  const { dev, ino } = statSync(dirname(path));
  return `${dev}-${ino}-${createHash('sha256').update(basename(path)).digest('hex').slice(0, 16)}`;
}

function makeOrCheck(path: string): void {
  try {
    writeFileSync(path, `${process.pid}`, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    closeSync(openSync(path, 'a'));
  }
}

function orRefuse<T>(reach: () => T): T {
  try {
    return reach();
  } catch (error) {
    const why = `the pid file cannot be written: ${(error as Error).message}`;
    throw new PidFileError(why, EXIT_NO_FILE, { cause: error });
  }
}
