import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLog } from './log-files.js';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
}

/** Debian keeps servers in /usr/sbin, which is not on every user's PATH. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin';

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
      env: { ...process.env, PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:${SYSTEM_PATH}` },
    });
  } finally {
    closeSync(log);
  }
}
