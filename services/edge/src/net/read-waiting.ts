import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { readInto } from './shared-reads.js';
import { descriptorOf } from './socket-facts.js';

/**
 * Of one call: as much as a socket's window is by default. What comes faster than it is heard has no end, and all others would wait for it.
 */
export const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Reads what waits in the kernel for a socket that is not read, into `readInto`, and hands on how much that is, until the answer is
 * that it rests again. True: it is to be read on; more than this may be there, or its end, or an error, of which Node tells.
 *
 * Straight from the kernel: to have the loop read it is four calls of the system more, since it has to be told to wait for what is
 * there, wakes up for the next bytes although nobody wants them yet, and is told not to.
 */
export function readWaiting(socket: Socket, onRead: (bytes: number) => boolean): boolean {
  for (let left = MAX_WAITING_BYTES; left > 0; left -= readInto.length) {
    // Each time: what was read may have closed it, and its number may be another's then.
    const descriptor = descriptorOf(socket);
    const bytes = descriptor === null ? 0 : readNow(descriptor);
    if (bytes === 0) return true;
    if (!onRead(bytes)) return false;
    if (bytes < readInto.length) return true;
  }
  return true;
}

/** 0: nothing is there, or its end is, or an error. */
function readNow(descriptor: number): number {
  try {
    return readSync(descriptor, readInto);
  } catch {
    return 0;
  }
}
