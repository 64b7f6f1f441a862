import { truncateSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EndedSession, type EndedSessionPage, MAX_SESSION_PAGE, POD_SESSIONS_NAME } from '@dolphin/protocol';
import type { Log, Timers } from '../app/ports.js';
import type { Ended, SessionJournal } from '../app/sessions.js';
import { addLine, type NumberedLines, noLines, readLines, scanLines } from './numbered-lines.js';

/** Some 60,000 sessions, and as many in the file before it: ten minutes of 200 that leave each second. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Thousands that end at once are one write; and a relayed edge's end is known before its clients' ends are written. */
const WRITE_AFTER_MS = 500;
/** What the disk did not take yet: a pod full of clients whose edges all die, some 10 MB. Beyond it, the oldest are lost. */
const MAX_UNWRITTEN = 20_000;

/**
 * RUN_DIR/sessions.jsonl: how each session ended, a line each, numbered without gaps over all lives of the pod. A number
 * is given when a line is written: what is lost before, to a disk that is full or a pod that is killed, leaves no gap.
 * Written in the background, one batch at a time; pages are read from the disk.
 */
export class EndedSessionsFile implements SessionJournal {
  readonly #path: string;
  readonly #o: { log: Log; timers: Timers; maxFileBytes: number };
  #older: NumberedLines;
  #current: NumberedLines;
  #unwritten: Ended[] = [];
  #lost = 0;
  #cancelWrite: (() => void) | null = null;
  /** Whoever uses the files waits for those before. */
  #turn: Promise<void> = Promise.resolve();

  constructor(runDir: string, o: { log: Log; timers: Timers; maxFileBytes?: number }) {
    this.#path = join(runDir, POD_SESSIONS_NAME);
    this.#o = { ...o, maxFileBytes: o.maxFileBytes ?? MAX_FILE_BYTES };
    this.#older = scanLines(this.#olderPath).lines;
    const { lines, tornBytes } = scanLines(this.#path);
    this.#current = lines;
    if (tornBytes > 0) {
      truncateSync(this.#path, lines.bytes);
      o.log.warn({ path: this.#path, bytes: tornBytes }, 'the end of the sessions is torn, and is taken off');
    }
  }

  /** The last number that was given; 0: none yet. */
  get newest(): number {
    return this.#current.last ?? this.#older.last ?? 0;
  }

  /** Sessions that were not written down, since the pod started. */
  get lost(): number {
    return this.#lost;
  }

  append(ended: Ended): void {
    this.#unwritten.push(ended);
    if (this.#unwritten.length > MAX_UNWRITTEN) {
      // A tenth at once: taking them off one by one would cost each the length of the list.
      this.#lost += this.#unwritten.splice(0, MAX_UNWRITTEN / 10).length;
    }
    this.#cancelWrite ??= this.#o.timers.after(WRITE_AFTER_MS, () => {
      this.#cancelWrite = null;
      void this.#inTurn(() => this.#write());
    });
  }

  edgeEnded(edge: string, end: 'edge-died' | 'edge-stopped'): void {
    for (const [index, ended] of this.#unwritten.entries()) {
      if (ended.edge === edge && ended.end === 'edge-closed') this.#unwritten[index] = { ...ended, end };
    }
  }

  /** Those after number `after`, at most `limit`. */
  page(after: number, limit: number): Promise<EndedSessionPage> {
    return this.#inTurn(async () => {
      const oldest = this.#older.first ?? this.#current.first ?? 1;
      const from = Math.max(after + 1, oldest);
      const count = Math.min(limit, MAX_SESSION_PAGE);
      const texts = await readLines(this.#olderPath, this.#older, from, count);
      const next = Math.max(from, (this.#older.last ?? 0) + 1);
      texts.push(...(await readLines(this.#path, this.#current, next, count - texts.length)));
      const sessions = texts.flatMap((text) => this.#parse(text) ?? []);
      return { oldest, newest: this.newest, sessions };
    });
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    this.#cancelWrite?.();
    this.#cancelWrite = null;
    await this.#inTurn(() => this.#write());
  }

  get #olderPath(): string {
    return `${this.#path}.1`;
  }

  #inTurn<T>(use: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(use);
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Never rejects: what was not written is tried again with what comes next. */
  async #write(): Promise<void> {
    const batch = this.#unwritten.splice(0);
    if (batch.length === 0) return;
    try {
      await this.#writeBatch(batch);
    } catch (error) {
      this.#unwritten = [...batch, ...this.#unwritten];
      const over = Math.max(0, this.#unwritten.length - MAX_UNWRITTEN);
      this.#lost += this.#unwritten.splice(0, over).length;
      const { length: unwritten } = this.#unwritten;
      this.#o.log.error({ why: String(error), unwritten, lost: this.#lost }, 'ended sessions cannot be written');
    }
  }

  async #writeBatch(batch: readonly Ended[]): Promise<void> {
    let n = this.newest;
    const lines = batch.map((ended) => Buffer.from(`${JSON.stringify({ n: ++n, ...ended })}\n`));
    const text = Buffer.concat(lines);
    if (this.#current.first !== null && this.#current.bytes + text.length > this.#o.maxFileBytes) {
      await rename(this.#path, this.#olderPath);
      this.#older = this.#current;
      this.#current = noLines();
    }
    const file = await open(this.#path, 'a', 0o600);
    try {
      const { bytesWritten } = await file.write(text);
      if (bytesWritten < text.length) {
        // Half a line would look like a torn one.
        await file.truncate(this.#current.bytes);
        throw new Error('the disk took a part only');
      }
    } finally {
      await file.close();
    }
    for (const [index, line] of lines.entries()) addLine(this.#current, n - lines.length + 1 + index, line.length);
  }

  #parse(text: string): EndedSession | null {
    try {
      return EndedSession.parse(JSON.parse(text));
    } catch (error) {
      this.#o.log.error(
        { path: this.#path, why: String(error) },
        'an ended session cannot be read, and is passed over',
      );
      return null;
    }
  }
}
