import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ConnectEvent, MediaError, RtmpServerSession } from '@dolphin/media';
import { onCleanup, type TestScope } from './cleanup.js';

export interface RtmpOrigin {
  readonly address: string;
  /** Connects that came, in order. */
  readonly connects: readonly ConnectEvent[];
  /** Who asked to play or publish what. A stream of the name `busy` nobody may publish. */
  readonly asked: readonly AskedStream[];
  /** Ends all its connections. */
  cut(): void;
}

export interface AskedStream {
  readonly to: 'play' | 'publish';
  /** As the tcUrl names it. */
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  readonly query: string;
}

/** An origin that has no media for anybody, and accepts or refuses connects as `accepts` says. */
export async function rtmpOrigin(t: TestScope, accepts: (connect: ConnectEvent) => boolean): Promise<RtmpOrigin> {
  const connects: ConnectEvent[] = [];
  const asked: AskedStream[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const session = new RtmpServerSession();
    let vhost = '';
    sockets.add(socket);
    onCleanup(t, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      try {
        for (const event of session.push(data)) {
          if (event.type === 'connect') {
            connects.push(event);
            vhost = event.vhost;
            if (accepts(event)) session.acceptConnect();
            else session.rejectConnect('this token is no good');
          } else if (event.type === 'play' || event.type === 'publish') {
            const { type, app, stream, query } = event;
            asked.push({ to: type, vhost, app, stream, query });
            if (type === 'play') session.acceptPlay();
            else if (stream !== 'busy') session.acceptPublish();
            else {
              session.rejectPublish('NetStream.Publish.BadName', 'somebody publishes it');
              socket.end(session.takeOutput() ?? '');
            }
          }
        }
      } catch (error) {
        if (!(error instanceof MediaError)) throw error;
        socket.destroy();
      }
      const output = session.takeOutput();
      if (output !== null && socket.writable) socket.write(output);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onCleanup(t, () => void server.close());
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connects,
    asked,
    cut: () => sockets.forEach((socket) => void socket.destroy()),
  };
}
