import { Socket } from 'node:net';
import type { FirstBytesReader } from '../app/ports.js';
import { stopReading } from './socket-reading.js';

/**
 * Reads the first bytes of accepted sockets and stops reading before their outcome is told, so that they can be handed
 * off: what the kernel still holds is read by whoever gets the socket, and none is lost between the two.
 */
export const firstBytesReader: FirstBytesReader = {
  read(socket, { judge, withinMs }, done) {
    if (!(socket instanceof Socket)) throw new TypeError('only sockets can be read');
    let received: Buffer = Buffer.alloc(0);
    let over = false;
    const stop = () => {
      over = true;
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('end', onLeft);
      socket.off('close', onLeft);
      stopReading(socket);
    };
    const finish = (tell: () => void) => {
      if (over) return;
      stop();
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
    // Once only: whoever gives it up may read on at once.
    return () => {
      if (!over) stop();
    };
  },
};
