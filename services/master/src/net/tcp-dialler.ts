import { connect } from 'node:net';
import type { Dialler } from '../app/ports.js';

/** Connects and hangs up: a pod counts it as a client that left at once. */
export const tcpDialler: Dialler = {
  accepts: (host, port, timeoutMs) =>
    new Promise((resolve) => {
      const socket = connect({ host, port });
      const done = (accepts: boolean) => {
        clearTimeout(timer);
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        socket.destroy();
        resolve(accepts);
      };
      const timer = setTimeout(() => done(false), timeoutMs);
      socket.once('connect', () => done(true));
      socket.once('error', () => done(false));
    }),
};
