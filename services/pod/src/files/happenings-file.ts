import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Happening, type HappeningPage, POD_HAPPENINGS_NAME, type PodFact } from '@dolphin/protocol';
import type { Log } from '../app/ports.js';

/**
 * About 4,000 happenings; as many are kept in the file before it. A host whose edges are well has a few a day, one
 * with an edge in a restart loop a few a second: an hour without a worker.
 */
const MAX_FILE_BYTES = 1024 * 1024;
/** What the disk refused is kept for it, so much and no more: beyond it, the oldest are forgotten. */
export const MAX_UNWRITTEN = 2000;
export const MAX_PAGE = 1000;

/**
 * RUN_DIR/happenings.jsonl: what happened in this pod and those before it, a line each, numbered without gaps over all
 * lives. A reader that comes late finds everything from `oldest` on. A line that a kill cut in two was shown to nobody:
 * it is taken off, and its number is given again.
 */
export class HappeningsFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #maxFileBytes: number;
  /** Those of the file before, then those of the present one. */
  #older: Happening[];
  #current: Happening[];
  #fd: number;
  #bytes: number;
  #unwritten: string[] = [];
  /** Some that the disk never took are forgotten: what the files hold does not go on with what comes. */
  #hasGap = false;

  constructor(runDir: string, o: { log: Log; now: () => number; maxFileBytes?: number }) {
    this.#path = join(runDir, POD_HAPPENINGS_NAME);
    this.#log = o.log;
    this.#now = o.now;
    this.#maxFileBytes = o.maxFileBytes ?? MAX_FILE_BYTES;
    this.#older = readLines(`${this.#path}.1`, o.log).happenings;
    const { happenings, wholeBytes } = readLines(this.#path, o.log);
    this.#current = happenings;
    this.#fd = openSync(this.#path, 'a', 0o600);
    ftruncateSync(this.#fd, wholeBytes);
    this.#bytes = wholeBytes;
  }

  /** 0: none yet. */
  get newest(): number {
    return this.#current.at(-1)?.n ?? this.#older.at(-1)?.n ?? 0;
  }

  append(fact: PodFact): Happening {
    const happening: Happening = { n: this.newest + 1, at: new Date(this.#now()).toISOString(), fact };
    const line = `${JSON.stringify(happening)}\n`;
    if (this.#bytes + line.length > this.#maxFileBytes && this.#current.length > 0) this.#rotate();
    this.#current.push(happening);
    this.#write(line);
    return happening;
  }

  /** Those after number `after`, at most `limit`. */
  page(after: number, limit: number): HappeningPage {
    const all = [...this.#older, ...this.#current];
    const first = all[0]?.n ?? 1;
    const from = Math.max(0, after + 1 - first);
    return { oldest: first, newest: this.newest, happenings: all.slice(from, from + Math.min(limit, MAX_PAGE)) };
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(line: string): void {
    this.#unwritten.push(line);
    if (this.#unwritten.length > MAX_UNWRITTEN) this.#forgetOldest();
    try {
      const text = Buffer.from(this.#unwritten.join(''));
      if (this.#hasGap) this.#beginAnew(text);
      else writeWhole(this.#fd, text, this.#bytes);
      this.#bytes += text.length;
      this.#unwritten = [];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#log.error({ why, unwritten: this.#unwritten.length }, 'happenings cannot be written, kept in memory');
    }
  }

  /** Readers count on the numbers: with one that is forgotten goes all that was before it. */
  #forgetOldest(): void {
    this.#hasGap = true;
    this.#unwritten.shift();
    this.#current = [...this.#older, ...this.#current].slice(-this.#unwritten.length);
    this.#older = [];
  }

  /** In place of both files, and in one step: a pod that found neither would give old numbers again. */
  #beginAnew(text: Buffer): void {
    const path = `${this.#path}.new`;
    rmSync(path, { force: true });
    const fd = openSync(path, 'a', 0o600);
    try {
      writeWhole(fd, text, 0);
      rmSync(`${this.#path}.1`, { force: true });
      renameSync(path, this.#path);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(this.#fd);
    this.#fd = fd;
    this.#bytes = 0;
    this.#hasGap = false;
  }

  #rotate(): void {
    try {
      renameSync(this.#path, `${this.#path}.1`);
      const fd = openSync(this.#path, 'a', 0o600);
      closeSync(this.#fd);
      this.#fd = fd;
    } catch (error) {
      this.#log.error({ why: String(error) }, 'happenings cannot be rotated');
      return;
    }
    this.#older = this.#current;
    this.#current = [];
    this.#bytes = 0;
  }
}

/** To the end of a file of so many bytes, or not at all. */
function writeWhole(fd: number, text: Buffer, bytes: number): void {
  if (writeSync(fd, text) === text.length) return;
  // The disk is full: half a line would look like a torn one.
  ftruncateSync(fd, bytes);
  throw new Error('the disk took a part only');
}

function readLines(path: string, log: Log): { happenings: Happening[]; wholeBytes: number } {
  if (!existsSync(path)) return { happenings: [], wholeBytes: 0 };
  const text = readFileSync(path);
  const happenings: Happening[] = [];
  let wholeBytes = 0;
  for (let from = 0; ; ) {
    const feed = text.indexOf(10, from);
    if (feed === -1) break;
    const parsed = parseLine(text.toString('utf8', from, feed));
    // A gap or a bad line: what follows cannot be told apart from garbage, and readers count on the numbers.
    const last = happenings.at(-1);
    if (parsed === null || (last !== undefined && parsed.n !== last.n + 1)) break;
    happenings.push(parsed);
    from = feed + 1;
    wholeBytes = from;
  }
  if (wholeBytes < text.length) {
    log.warn({ path, bytes: text.length - wholeBytes }, 'the end of the happenings is torn, and is taken off');
  }
  return { happenings, wholeBytes };
}

function parseLine(line: string): Happening | null {
  try {
    const parsed = Happening.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
