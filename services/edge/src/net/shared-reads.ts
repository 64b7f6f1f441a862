import type { Socket } from 'node:net';

/** What a socket is read into: less is all that there was. Of all sockets: what a read brought is used before the next one. */
export const readInto = Buffer.allocUnsafeSlow(64 * 1024);

interface ReadableHandle {
  useUserBuffer?(buffer: Buffer): void;
}

/**
 * Has an accepted socket read into `readInto` instead of emitting `data`, as Node's option `onread` has one that is dialled; it
 * keeps that option under these names, and has none for those that come. Each read of a publisher by `data` is memory of its own,
 * which the collector is to find: of a thousand publishers that is more than all else that is done for them.
 *
 * False: this Node has no such names, and `data` is emitted on.
 */
export function shareReads(socket: Socket, onRead: (data: Buffer) => void): boolean {
  const handle = (socket as unknown as { _handle?: ReadableHandle | null })._handle;
  const names = Object.getOwnPropertySymbols(socket);
  const buffer = names.find(({ description }) => description === 'kBuffer');
  const callback = names.find(({ description }) => description === 'kBufferCb');
  if (buffer === undefined || callback === undefined || handle?.useUserBuffer === undefined) return false;
  handle.useUserBuffer(readInto);
  Object.assign(socket, {
    [buffer]: readInto,
    [callback]: (bytes: number) => {
      onRead(readInto.subarray(0, bytes));
      return true;
    },
  });
  return true;
}
