import { Socket } from 'node:net';
import type { FirstBytesReader } from '../app/ports.js';

/**
 * Reads the first bytes of accepted sockets and stops reading before their outcome is told, so that they can be handed
 * off: what the kernel still holds is read by whoever gets the socket, and none is lost between the two.
 */
export const firstBytesReader: FirstBytesReader = {
  read(socket, { judge, withinMs }, done) {
    if (!(socket instanceof Socket)) throw new TypeError('only sockets can be read');
    let received: Buffer = Buffer.alloc(0);
    let over = false;
    const finish = (tell: () => void) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('end', onLeft);
      socket.off('close', onLeft);
      stopReading(socket);
      // Node's stream asks for more in a tick after its `data` event. In the tick after that one reading is stopped for
      // good, and the event loop has not read from any socket in between.
      process.nextTick(() =>
        process.nextTick(() => {
          stopReading(socket);
          tell();
        }),
      );
    };
    const onData = (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const verdict = judge(received);
      if (verdict !== null) finish(() => done(verdict));
    };
    const onLeft = () =>
      finish(() => {
        socket.destroy();
        done('left');
      });
    const timer = setTimeout(() => finish(() => done('late')), withinMs);
    socket.on('data', onData);
    socket.on('end', onLeft);
    socket.on('close', onLeft);
    socket.resume();
    return () => finish(() => undefined);
  },
};

/** `pause` alone stops the events, not the reading: up to 64 KiB would stay in this process when the socket goes. */
function stopReading(socket: Socket): void {
  socket.pause();
  const handle = (socket as unknown as { _handle: { reading: boolean; readStop(): void } | null })._handle;
  if (handle === null) return;
  handle.reading = false;
  handle.readStop();
}
