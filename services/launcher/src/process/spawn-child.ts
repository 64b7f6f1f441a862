import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { openLog } from './log-files.js';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
}

/** Debian keeps servers in /usr/sbin, which is not on every user's PATH. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin';
const searchPath = () => `${process.env['PATH'] ?? '/usr/bin:/bin'}:${SYSTEM_PATH}`;

/** Whether spawnChild would find a program of this name. */
export function isInstalled(name: string): boolean {
  return searchPath()
    .split(delimiter)
    .some((dir) => {
      try {
        accessSync(join(dir || '.', name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Starts a program that dies with this process, even if that is killed or the program is stopped, and that does not
 * hear the terminal's Ctrl-C: `up` alone decides when it ends.
 */
export function spawnChild(program: Program): ChildProcess {
  const log = openLog(program.logFile);
  try {
    return spawn('setpriv', ['--pdeathsig', 'KILL', '--', program.command, ...program.args], {
      cwd: program.cwd,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, PATH: searchPath() },
    });
  } finally {
    closeSync(log);
  }
}
