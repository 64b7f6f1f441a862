import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DolphinError, MAX_LOG_BYTES, MAX_LOG_LINES } from '@dolphin/protocol';
import type { Log } from '../app/ports.js';
import { LogFile, type LogRotation } from './log-file.js';

/** A name that cannot lead out of the run directory. */
const EDGE_NAME = /^(?:stream|back-source|http)-\d{1,4}$/;

/** RUN_DIR/edges/<edge>/edge.log: what each edge prints, over all its processes. */
export class EdgeLogs {
  readonly #runDir: string;
  readonly #rotation: LogRotation;
  readonly #log: Log;
  readonly #files = new Map<string, LogFile>();

  constructor(runDir: string, rotation: LogRotation, log: Log) {
    this.#runDir = runDir;
    this.#rotation = rotation;
    this.#log = log;
  }

  of(name: string): LogFile {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = new LogFile({ ...this.#rotation, path: this.#path(name), log: this.#log, now: () => Date.now() });
      this.#files.set(name, file);
    }
    return file;
  }

  /** What an edge of this directory printed last, also when it is gone. Throws E_NOT_FOUND. */
  async last(name: string, o: { lines: number; bytes: number }): Promise<Buffer> {
    const known = EDGE_NAME.test(name) && (this.#files.has(name) || existsSync(this.#path(name)));
    if (!known) throw new DolphinError('E_NOT_FOUND', { what: `a log of edge ${name.slice(0, 64)}` });
    return this.of(name).last({ lines: Math.min(o.lines, MAX_LOG_LINES), bytes: Math.min(o.bytes, MAX_LOG_BYTES) });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }

  #path(name: string): string {
    return join(this.#runDir, 'edges', name, 'edge.log');
  }
}
