import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DolphinError, MAX_LOG_BYTES, MAX_LOG_LINES } from '@dolphin/protocol';
import type { Log } from '../app/ports.js';
import { sidesOf } from '../domain/slot-sides.js';
import { LogFile, type LogRotation } from './log-file.js';

/** A name that cannot lead out of the run directory. */
const EDGE_NAME = /^((?:stream|back-source|http)-\d{1,3})(\.b)?$/;

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

  /** Bytes of its text that are in no file, since the pod started. */
  droppedBytes(name: string): number {
    return this.#files.get(name)?.droppedBytes ?? 0;
  }

  /**
   * What an edge printed last, also when it is gone: the one of this name, or for a slot's name the first of `living`
   * (its runners' names, newest first), else the one whose log was written last. Throws E_NOT_FOUND.
   */
  async last(name: string, living: readonly string[], o: { lines: number; bytes: number }): Promise<Buffer> {
    const [, slot, side] = EDGE_NAME.exec(name) ?? [];
    const known = slot === undefined ? undefined : side === undefined ? this.#newest(slot, living) : name;
    if (known === undefined || this.#writtenAt(known) === null)
      throw new DolphinError('E_NOT_FOUND', { what: `a log of edge ${name.slice(0, 64)}` });
    return this.of(known).last({ lines: Math.min(o.lines, MAX_LOG_LINES), bytes: Math.min(o.bytes, MAX_LOG_BYTES) });
  }

  #newest(slot: string, living: readonly string[]): string | undefined {
    const sides = sidesOf(slot).map((name) => ({ name, at: this.#writtenAt(name) }));
    const written = sides.filter((side) => side.at !== null).sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
    return living.find((name) => written.some((side) => side.name === name)) ?? written[0]?.name;
  }

  /** Wall clock, ms; 0: it has printed nothing yet; null: there was no edge of that name. */
  #writtenAt(name: string): number | null {
    const file = statSync(this.#path(name), { throwIfNoEntry: false });
    return file?.mtimeMs ?? (this.#files.has(name) ? 0 : null);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }

  #path(name: string): string {
    return join(this.#runDir, 'edges', name, 'edge.log');
  }
}
