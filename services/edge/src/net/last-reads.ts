import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { readInto } from './shared-reads.js';

/** As much as a socket's window is by default, several times what is gathered between two beats. A flood is not heard to its end. */
const MAX_LAST_BYTES = 1024 * 1024;

/**
 * Has what the kernel has of a socket that is read in beats, and is to be closed now, heard before: it was received, and would be lost.
 * Node has no way to read at once, so it goes by the descriptor, which Node keeps under this name.
 */
export function hearLast(socket: Socket, hear: (data: Buffer) => void): void {
  for (let heard = 0; heard < MAX_LAST_BYTES; ) {
    const { fd = -1 } = (socket as unknown as { _handle?: { fd?: number } | null })._handle ?? {};
    // What Node has read itself comes first, and comes too late.
    if (fd < 0 || socket.destroyed || socket.readableLength > 0) return;
    const bytes = readNow(fd);
    if (bytes === 0) return;
    heard += bytes;
    hear(readInto.subarray(0, bytes));
  }
}

/** Zero: there is nothing, or no more to come. */
function readNow(fd: number): number {
  try {
    return readSync(fd, readInto);
  } catch {
    // EAGAIN, as a rule, or the peer's reset: the close that follows is as good for any.
    return 0;
  }
}
