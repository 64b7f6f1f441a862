import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { DolphinError } from '@dolphin/protocol';
import type { Log } from '../app/ports.js';
import { fullBudget, LOG_BURST_BYTES, type LogBudget, spendBudget } from '../domain/log-budget.js';
import { lastLines } from './last-lines.js';

/** What waits for a slow disk: a burst. More is dropped, since nobody's log is worth the pod's memory. */
const MAX_PENDING_BYTES = LOG_BURST_BYTES;
/** Lost text is told of no more often than this, in the pod's log and in the file itself. */
const TELL_EVERY_MS = 30_000;
/** Readers that wait for a disk that stands still. */
const MAX_READERS = 8;

export interface LogRotation {
  /** A file that would grow above this is put aside. */
  readonly maxBytes: number;
  /** So is one that was begun longer ago. */
  readonly maxAgeMs: number;
  /** Old files that are kept: `path.1` is the newest. */
  readonly keep: number;
}

export interface LogFileOptions extends LogRotation {
  readonly path: string;
  readonly log: Log;
  /** Wall time in ms, for the age of a file. */
  readonly now: () => number;
}

/**
 * What an edge prints, with old files beside it. The pod's loop never waits for the disk: text is written by Node's
 * threads, one write at a time. What comes too fast, or waits too long for the disk, or is refused by it, is dropped and
 * counted, and the file itself says how much is missing as soon as it can.
 */
export class LogFile {
  readonly #o: LogFileOptions;
  /** Writes, rotations and reads, one at a time: a reader must not see half of a rotation. */
  #turn: Promise<void> = Promise.resolve();
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #draining = false;
  #readers = 0;
  #file: FileHandle | null = null;
  #bytes = 0;
  #begunAt = 0;
  #budget: LogBudget = fullBudget(performance.now());
  #dropped = 0;
  /** Of `#dropped`, what the file says already. */
  #noted = 0;
  #notedAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(o: LogFileOptions) {
    this.#o = o;
  }

  /** Bytes that are in no file, for whatever reason. */
  get droppedBytes(): number {
    return this.#dropped;
  }

  write(text: Buffer): void {
    const now = performance.now();
    const { budget, admitted } = spendBudget(this.#budget, text.length, now);
    this.#budget = budget;
    if (!admitted) {
      this.#drop(text.length, 'it prints faster than a log is written');
      return;
    }
    if (this.#pendingBytes + text.length > MAX_PENDING_BYTES) {
      this.#drop(text.length, 'the disk does not keep up');
      return;
    }
    if (this.#dropped > this.#noted && now - this.#notedAt >= TELL_EVERY_MS) {
      this.#noted = this.#dropped;
      this.#notedAt = now;
      this.#push(Buffer.from(`\ndolphin-pod: text was dropped here, ${this.#dropped} bytes so far\n`));
    }
    this.#push(text);
  }

  /** The end of what was printed, over the present file and the newest old one; empty when there is none. */
  async last(limits: { lines: number; bytes: number }): Promise<Buffer> {
    const { path } = this.#o;
    if (this.#readers >= MAX_READERS) {
      throw new DolphinError('E_UNREACHABLE', { what: 'the log', address: path, why: 'its disk stands still' });
    }
    this.#readers += 1;
    const read = this.#turn.then(() => lastLines([path, `${path}.1`], limits));
    this.#turn = read.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await read;
    } finally {
      this.#readers -= 1;
    }
  }

  /** When all that was given is in the file, or dropped. Never rejects. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#closeFile();
  }

  #push(text: Buffer): void {
    this.#pending.push(text);
    this.#pendingBytes += text.length;
    if (this.#draining) return;
    this.#draining = true;
    this.#turn = this.#turn.then(() => this.#drain());
  }

  async #drain(): Promise<void> {
    for (let text = this.#pending.shift(); text !== undefined; text = this.#pending.shift()) {
      this.#pendingBytes -= text.length;
      let written = 0;
      try {
        const file = await this.#fileFor(text.length);
        while (written < text.length) {
          const { bytesWritten } = await file.write(text, written);
          written += bytesWritten;
          this.#bytes += bytesWritten;
        }
      } catch (error) {
        this.#drop(text.length - written, error instanceof Error ? error.message : String(error));
        // Its directory may be there again, or its disk mounted, by the next try.
        await this.#closeFile();
      }
    }
    this.#draining = false;
  }

  async #fileFor(bytes: number): Promise<FileHandle> {
    const { path, maxBytes, maxAgeMs, now } = this.#o;
    let file = this.#file ?? (await this.#open());
    const full = this.#bytes > 0 && this.#bytes + bytes > maxBytes;
    if (full || (this.#bytes > 0 && now() - this.#begunAt > maxAgeMs)) {
      await this.#closeFile();
      await this.#shift(path);
      file = await this.#open();
    }
    return file;
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.#o.path, 'a', 0o600);
    this.#file = file;
    const { size, birthtimeMs } = await file.stat();
    this.#bytes = size;
    // A file system that keeps no birth time says 0: counting from now is late, not wrong.
    this.#begunAt = size > 0 && birthtimeMs > 0 ? birthtimeMs : this.#o.now();
    return file;
  }

  /** edge.log → edge.log.1 → edge.log.2 … and what is beyond `keep`, also from a larger `keep` before, goes. */
  async #shift(path: string): Promise<void> {
    const { keep } = this.#o;
    for (let n = keep; n === keep || (await exists(`${path}.${n}`)); n++) await rm(nth(path, n), { force: true });
    for (let n = keep - 1; n >= 0; n--) {
      if (await exists(nth(path, n))) await rename(nth(path, n), nth(path, n + 1));
    }
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => undefined);
  }

  #drop(bytes: number, why: string): void {
    this.#dropped += bytes;
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    this.#o.log.warn({ path: this.#o.path, droppedBytes: this.#dropped, why }, 'text of an edge is lost');
  }
}

const nth = (path: string, n: number) => (n === 0 ? path : `${path}.${n}`);

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
