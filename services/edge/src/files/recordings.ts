import { access, type FileHandle, lstat, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RecordingFile, RecordingFiles } from '../app/dvr-tap.js';
import { PARTIAL, restPath } from '../domain/dvr-path.js';
import type { Patch } from '../domain/flv-recording.js';

/**
 * Bytes of one recording that wait for the disk: at 4 Mbit/s half a minute of a disk that stands still. What has more
 * is lost: memory is for the players.
 */
export const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** The same of all recordings: a disk that stands still must not take the memory of a thousand publishers' streams. */
export const MAX_ALL_WAITING_BYTES = 128 * 1024 * 1024;
/**
 * Operations at a time, of all recordings: one on a disk that hangs keeps a thread of Node's four until it ends, and
 * addresses of origins are looked up by the same threads.
 */
const MAX_DISK_OPERATIONS = 2;

/** The recordings of this process on their way to the disk. */
export class Recordings implements RecordingFiles {
  /** Paths that are written to now: two streams whose names become one path would spoil each other's file. */
  readonly #paths = new Set<string>();
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #idle: (() => void)[] = [];
  /** Of all of them. */
  waitingBytes = 0;
  /** Recordings that were lost since start, in part or whole. */
  lost = 0;

  open(path: string, onLost: (why: string) => void): RecordingFile {
    return new DiskRecording(this, path, (why) => {
      this.lost++;
      onLost(`${why} (${this.lost} since start)`);
    });
  }

  get areSettled(): boolean {
    return this.#paths.size === 0;
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    if (!this.areSettled) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** False: somebody writes there. */
  claim(path: string): boolean {
    if (this.#paths.has(path)) return false;
    this.#paths.add(path);
    return true;
  }

  release(path: string): void {
    this.#paths.delete(path);
    if (!this.areSettled) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Runs it when it is its turn. At most one of each recording waits. */
  async run(job: () => Promise<void>): Promise<void> {
    if (this.#running >= MAX_DISK_OPERATIONS) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#running++;
    }
    try {
      await job();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

class DiskRecording implements RecordingFile {
  readonly #all: Recordings;
  readonly #path: string;
  readonly #onLost: (why: string) => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #end: { patches: readonly Patch[]; path: string } | null = null;
  #state: 'writing' | 'lost' = 'writing';
  #wake: (() => void) | null = null;

  constructor(all: Recordings, path: string, onLost: (why: string) => void) {
    this.#all = all;
    this.#path = path;
    this.#onLost = onLost;
    if (all.claim(path)) void this.#live();
    else this.#lose('another stream is recorded to this path');
  }

  write(bytes: Buffer): void {
    if (this.#state === 'lost' || this.#end !== null) return;
    this.#waiting.push(bytes);
    this.#count(bytes.length);
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#lose('the disk is slower than the stream');
    else if (this.#all.waitingBytes > MAX_ALL_WAITING_BYTES) this.#lose('the disk is slower than all streams');
    this.#wake?.();
  }

  finish(patches: readonly Patch[], path: string): void {
    this.#end = { patches, path };
    this.#wake?.();
  }

  #lose(why: string): void {
    if (this.#state === 'lost') return;
    this.#state = 'lost';
    this.#take();
    this.#onLost(why);
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#count(-this.#waitingBytes);
    return bytes;
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#all.waitingBytes += bytes;
  }

  /** From its first byte to its name; never rejects. */
  async #live(): Promise<void> {
    let file: FileHandle | null = null;
    try {
      await this.#all.run(async () => {
        file = await this.#create();
      });
      while (this.#state === 'writing' && (this.#waiting.length > 0 || this.#end === null)) {
        if (this.#waiting.length === 0) await this.#more();
        else await this.#all.run(async () => void (await file?.writeFile(this.#take())));
      }
      if (this.#state === 'writing') await this.#all.run(() => this.#name(file));
    } catch (error) {
      this.#lose(error instanceof Error ? error.message : String(error));
    } finally {
      await (file as FileHandle | null)?.close().catch(() => undefined);
      this.#all.release(this.#path);
    }
  }

  async #create(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true });
    // SRS refuses, too: a recording is never written over.
    if (await exists(this.#path)) throw new Error('there is a file of that name');
    const part = `${this.#path}${PARTIAL}`;
    await keepRest(part, this.#path);
    return await open(part, 'w');
  }

  async #name(file: FileHandle | null): Promise<void> {
    const { patches, path } = this.#end ?? { patches: [], path: this.#path };
    for (const { at, bytes } of patches) await file?.write(bytes, 0, bytes.length, at);
    // With a duration in it the name is known only now; it may be that of another one, which is not written over either.
    if (path !== this.#path && (await exists(path))) throw new Error(`there is a file of the name ${path}`);
    await rename(`${this.#path}${PARTIAL}`, path);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}

/** What a process that was killed left under the name of a part plays: it is not written over. */
async function keepRest(part: string, path: string): Promise<void> {
  const rest = await lstat(part).catch(() => null);
  if (rest === null || !rest.isFile() || rest.size === 0) return;
  const kept = restPath(path, rest.mtimeMs);
  if (await exists(kept)) throw new Error(`there is a file of the name ${kept}`);
  await rename(part, kept);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
