import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** A day or two of an edge's ordinary words. With the one before it, twice that is kept. */
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/**
 * What an edge prints, in RUN_DIR/edges/<name>/edge.log; the file before it is edge.log.1. Written at once, so that
 * nothing piles up in memory; when the disk refuses, the text is dropped and counted.
 */
export class LogFile {
  readonly #path: string;
  #fd: number | null = null;
  #bytes = 0;
  dropped = 0;

  constructor(path: string) {
    this.#path = path;
  }

  write(text: Buffer): void {
    try {
      if (this.#fd !== null && this.#bytes + text.length > MAX_LOG_BYTES) {
        this.close();
        renameSync(this.#path, `${this.#path}.1`);
      }
      this.#fd ??= this.#open();
      this.#bytes += writeSync(this.#fd, text);
    } catch {
      this.dropped += 1;
    }
  }

  close(): void {
    if (this.#fd === null) return;
    const fd = this.#fd;
    this.#fd = null;
    try {
      closeSync(fd);
    } catch {
      // Nothing can be done about it.
    }
  }

  #open(): number {
    const fd = openSync(this.#path, 'a', 0o600);
    this.#bytes = fstatSync(fd).size;
    return fd;
  }
}
