import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { ClientSocket, SocketTaker } from '../app/ports.js';

/**
 * Sends sockets to a child over Node's IPC, never with keepOpen: with it a dead child's players would hang on the copy
 * that the pod still holds.
 */
export function childTaker(child: ChildProcess): SocketTaker & { say(message: object): void } {
  return {
    say(message: object) {
      // A child that is gone is told of by its exit.
      child.send(message, () => undefined);
    },
    send(message: object, socket: ClientSocket, failed: () => void) {
      if (!(socket instanceof Socket)) throw new TypeError('only sockets can be handed off');
      const handle = handleOf(socket);
      child.send(message, socket, (error) => {
        // Sent sockets have lost their handle. One that still has it was not touched: the channel was closed.
        if (error !== null && handleOf(socket) !== null) failed();
      });
      return { cut: () => cut(handle) };
    },
  };
}

/** Node's own object for the connection; not in the types, but the same since Node 0.6. */
function handleOf(socket: Socket): object | null {
  return (socket as unknown as { _handle: object | null })._handle;
}

/**
 * Ends a connection that was sent and not taken. Closing our copy would not do: the copy in the child's channel keeps
 * it open, for as long as a frozen child lives. A shutdown holds for all copies: the client sees the end at once, and
 * a child that thaws can write nothing into it.
 */
function cut(handle: object | null): void {
  if (handle === null) return;
  const corpse = new Socket({ handle, readable: false } as ConstructorParameters<typeof Socket>[0]);
  corpse.on('error', () => undefined);
  corpse.end(() => corpse.destroy());
}
