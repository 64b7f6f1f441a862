import type { Socket } from 'node:net';
import { readWaiting } from './read-waiting.js';
import { readInto } from './shared-reads.js';

/**
 * Has what waits in the kernel for a socket that is read in beats, and is to be closed now, heard before: it was received, and would
 * be lost. What Node has read of it comes first: where there is any, that comes too late, and so does the rest. A flood is not heard to
 * its end.
 */
export function hearLast(socket: Socket, hear: (data: Buffer) => void): void {
  if (socket.readableLength > 0) return;
  readWaiting(socket, (bytes) => {
    hear(readInto.subarray(0, bytes));
    return true;
  });
}
