import { closeSync, copyFileSync, openSync, readFileSync, readSync, statSync, truncateSync } from 'node:fs';

/** Each log keeps at most this much, and as much again in its predecessor `.1`. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;

/**
 * A file that a program writes to itself, so that it never waits for `up`, and goes on when `up` is stopped. Opened
 * for appending: after a truncation the next line stands at the top.
 */
export function openLog(path: string): number {
  boundLog(path);
  return openSync(path, 'a', 0o600);
}

/** Moves a log that outgrew its bound to `.1`. Lines written between the copy and the truncation are lost. */
export function boundLog(path: string, maxBytes = MAX_LOG_BYTES): void {
  try {
    if (statSync(path).size <= maxBytes) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  } catch {
    // Not there yet, or the disk is full: a log must not stop anything.
  }
}

/** In bytes; 0 when it is not there. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines of what came after `from` (bytes), from at most the last 8 KiB. */
export function lastLines(path: string, count: number, from = 0): string[] {
  try {
    const size = sizeOf(path);
    // Smaller than it was: moved aside meanwhile, and all of it is new.
    const length = Math.min(size < from ? size : size - from, 8192);
    if (length === 0) return [];
    const buffer = Buffer.alloc(length);
    const fd = openSync(path, 'r');
    try {
      readSync(fd, buffer, 0, length, size - length);
    } finally {
      closeSync(fd);
    }
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count);
  } catch {
    return [];
  }
}

export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
