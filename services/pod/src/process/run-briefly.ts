import { execFile } from 'node:child_process';
import type { UnderParent } from './parent-death.js';

export interface BriefRun {
  /** Null: it was killed, at the time limit or by others. */
  readonly code: number | null;
  /** What it printed on both, stderr last. */
  readonly output: string;
  /** It could not be run at all. */
  readonly missing: boolean;
}

/** `-v` and `-t` of a server take milliseconds, of Node on a loaded machine a second or two. */
const TIME_LIMIT_MS = 15_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Runs a command to its end. Never rejects. */
export function runBriefly(
  command: string,
  args: readonly string[],
  o: { cwd: string; env: NodeJS.ProcessEnv; under: UnderParent },
): Promise<BriefRun> {
  const real = o.under(command, args);
  const options = {
    cwd: o.cwd,
    env: o.env,
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
  } as const;
  return new Promise((resolve) => {
    execFile(real.command, real.args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      const missing = (error !== null && error.code === 'ENOENT') || code === 127 || code === 126;
      resolve({ code, output: `${stdout}${stderr}`.trim(), missing });
    });
  });
}
