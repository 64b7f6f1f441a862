import type { Socket } from 'node:net';
import { readWaiting } from './read-waiting.js';
import { readInto } from './shared-reads.js';

/** As much as a socket's window is by default, several times what is gathered between two beats. A flood is not heard to its end. */
const MAX_LAST_BYTES = 1024 * 1024;

/**
 * Has what waits in the kernel for a socket that is read in beats, and is to be closed now, heard before: it was received, and would
 * be lost. What Node has read of it comes first: where there is any, that comes too late, and so does the rest.
 */
export function hearLast(socket: Socket, hear: (data: Buffer) => void): void {
  if (socket.readableLength > 0) return;
  let heard = 0;
  readWaiting(socket, (bytes) => {
    hear(readInto.subarray(0, bytes));
    heard += bytes;
    return heard < MAX_LAST_BYTES;
  });
}
