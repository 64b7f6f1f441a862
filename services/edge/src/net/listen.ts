import { createServer, type Server, type Socket } from 'node:net';
import type { ListenAt } from '../domain/settings.js';

/** The kernel's somaxconn: a burst beyond Node's 511 costs clients a second of SYN retransmit. */
const BACKLOG = 4096;

/** A port that cannot be had. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export function listenText({ address, port }: ListenAt): string {
  return address === '' ? `${port}` : `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

export function mediaServer(onSocket: (socket: Socket) => void): Server {
  return createServer({ noDelay: true }, onSocket);
}

/** Listens without SO_REUSEPORT: a port that another server has is an error, and not shared with it. */
function listen(server: Server, at: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError(`${listenText(at)}: ${error.message}`, { cause: error })));
    server.listen({ port: at.port, backlog: BACKLOG, ...(at.address === '' ? {} : { host: at.address }) }, () => {
      server.removeAllListeners('error');
      // After the start: no descriptors for a moment. The clients that wait in the backlog are served later.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** The ports of a process. */
export class Listeners {
  readonly #servers: Server[] = [];
  #areClosed = false;

  /** Rejects with ListenError. */
  async open(server: Server, at: ListenAt): Promise<void> {
    await listen(server, at);
    // It was told to end while it starts.
    if (this.#areClosed) server.close();
    else this.#servers.push(server);
  }

  /** Nobody new from now on; who is there stays. */
  close(): void {
    this.#areClosed = true;
    for (const server of this.#servers.splice(0)) server.close();
  }
}
