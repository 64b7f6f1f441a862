import { renameSync, writeFileSync } from 'node:fs';
import { readText } from '../process/log-files.js';
import { identify, isAlive, type ProcessId } from '../process/proc.js';

/** In the order in which they are stopped: whoever starts or feeds others goes first. */
export const STOP_ORDER = ['publisher', 'worker', 'pod', 'master', 'origin', 'redis', 'nats'] as const;
export type PartName = (typeof STOP_ORDER)[number];

export interface RunRecord {
  readonly up: ProcessId | null;
  readonly parts: Readonly<Partial<Record<PartName, ProcessId>>>;
}

/**
 * `up.json`: which processes belong to this directory, so that the next `up`, or `down`, ends exactly those. By pid
 * and start time, never by name.
 */
export class RunRecordFile {
  readonly #path: string;
  #record: { up: ProcessId | null; parts: Partial<Record<PartName, ProcessId>> };

  constructor(dir: string) {
    this.#path = `${dir}/up.json`;
    this.#record = { up: null, parts: {} };
  }

  /** What is recorded and still alive. A record that cannot be read counts as none. */
  read(): RunRecord {
    const found: unknown = parse(readText(this.#path));
    const up = toProcessId(get(found, 'up'));
    const parts: Partial<Record<PartName, ProcessId>> = {};
    for (const name of STOP_ORDER) {
      const id = toProcessId(get(get(found, 'parts'), name));
      if (id && isAlive(id)) parts[name] = id;
    }
    return { up: up && isAlive(up) ? up : null, parts };
  }

  /** This process is the `up` of the directory from now on; what the last one left is kept until it is ended. */
  claim(parts: RunRecord['parts']): void {
    this.#record = { up: identify(process.pid), parts: { ...parts } };
    this.#write();
  }

  set(name: PartName, id: ProcessId | null): void {
    const known = this.#record.parts[name];
    if (known?.pid === id?.pid && known?.start === id?.start) return;
    if (id) this.#record.parts[name] = id;
    else delete this.#record.parts[name];
    this.#write();
  }

  get(name: PartName): ProcessId | undefined {
    return this.#record.parts[name];
  }

  /** Of this directory only `left` runs any more. */
  release(left: RunRecord['parts'] = {}): void {
    this.#record = { up: null, parts: { ...left } };
    this.#write();
  }

  /** Not synced: after a power cut the pids mean nothing anyway. */
  #write(): void {
    const temporary = `${this.#path}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(this.#record)}\n`, { mode: 0o600 });
    renameSync(temporary, this.#path);
  }
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

function get(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function toProcessId(value: unknown): ProcessId | null {
  const [pid, start] = [get(value, 'pid'), get(value, 'start')];
  if (typeof pid !== 'number' || typeof start !== 'number') return null;
  return Number.isSafeInteger(pid) && pid > 1 && Number.isSafeInteger(start) ? { pid, start } : null;
}
