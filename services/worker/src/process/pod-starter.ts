import { spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PodStarter, StartedPod } from '../app/ports.js';

/** pod.log is put aside at a start when it has grown to this; the one before that goes. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
/** As a shell says it of a program that cannot be started. */
const NOT_STARTED = 127;

/** Starts the pod in a session of its own, so that neither the worker's end nor its terminal's reaches it. */
export class DetachedPod implements PodStarter {
  readonly #script: string;
  readonly #args: readonly string[];
  readonly #runDir: string;

  constructor(script: string, args: readonly string[], runDir: string) {
    this.#script = script;
    this.#args = args;
    this.#runDir = runDir;
  }

  start(): StartedPod {
    const log = openLog(join(this.#runDir, 'pod.log'));
    try {
      const child = spawn(process.execPath, ['--enable-source-maps', this.#script, ...this.#args], {
        detached: true,
        stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'],
        cwd: this.#runDir,
      });
      child.unref();
      const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal }));
        child.once('error', () => resolve({ code: NOT_STARTED, signal: null }));
      });
      return { pid: child.pid ?? 0, exited };
    } catch {
      return { pid: 0, exited: Promise.resolve({ code: NOT_STARTED, signal: null }) };
    } finally {
      if (log !== null) closeSync(log);
    }
  }
}

/** Null when the disk refuses: a pod without a log serves all the same. */
function openLog(path: string): number | null {
  try {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
    return openSync(path, 'a', 0o600);
  } catch {
    return null;
  }
}
