import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type ConnectEvent, MediaError, RtmpServerSession } from '@dolphin/media';
import { onCleanup, type TestScope } from './cleanup.js';

export interface RtmpOrigin {
  readonly address: string;
  /** Connects that came, in order. */
  readonly connects: readonly ConnectEvent[];
  /** Names of streams that somebody asked to play. */
  readonly plays: readonly string[];
}

/** An origin that has no streams, and accepts or refuses connects as `accepts` says. */
export async function rtmpOrigin(t: TestScope, accepts: (connect: ConnectEvent) => boolean): Promise<RtmpOrigin> {
  const connects: ConnectEvent[] = [];
  const plays: string[] = [];
  const server = createServer((socket) => {
    const session = new RtmpServerSession();
    onCleanup(t, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      try {
        for (const event of session.push(data)) {
          if (event.type === 'connect') {
            connects.push(event);
            if (accepts(event)) session.acceptConnect();
            else session.rejectConnect('this token is no good');
          } else if (event.type === 'play') {
            plays.push(event.stream);
            session.acceptPlay();
          }
        }
      } catch (error) {
        if (!(error instanceof MediaError)) throw error;
        socket.destroy();
      }
      const output = session.takeOutput();
      if (output !== null && !socket.destroyed) socket.write(output);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onCleanup(t, () => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, connects, plays };
}
