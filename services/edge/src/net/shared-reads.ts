import type { Socket } from 'node:net';
import { handleOf } from './socket-facts.js';

/** What a socket is read into: less is all that there was. Of all sockets: what a read brought is used before the next one. */
export const readInto = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Has an accepted socket read into `readInto` instead of emitting `data`, as Node's option `onread` has one that is dialled; it
 * keeps that option under these names, and has none for those that come. Each read of a publisher by `data` is memory of its own,
 * which the collector is to find: of a thousand publishers that is more than all else that is done for them.
 *
 * Only when the stream is read and keeps nothing: what came while it was paused is to be heard first, and one that is paused again
 * in front of that would be read on past it. Until then, and where this Node has no such names, `data` is emitted on.
 */
export function shareReads(socket: Socket, onRead: (data: Buffer) => void): void {
  if (!socket.isPaused() && socket.readableLength === 0) {
    readShared(socket, onRead);
    return;
  }
  const share = () => {
    if (socket.readableLength > 0) return;
    socket.off('data', share);
    readShared(socket, onRead);
  };
  socket.prependListener('data', share);
}

function readShared(socket: Socket, onRead: (data: Buffer) => void): void {
  const handle = handleOf(socket);
  const names = Object.getOwnPropertySymbols(socket);
  const buffer = names.find(({ description }) => description === 'kBuffer');
  const callback = names.find(({ description }) => description === 'kBufferCb');
  if (buffer === undefined || callback === undefined || handle?.useUserBuffer === undefined) return;
  handle.useUserBuffer(readInto);
  Object.assign(socket, {
    [buffer]: readInto,
    [callback]: (bytes: number) => {
      onRead(readInto.subarray(0, bytes));
      return true;
    },
  });
}
