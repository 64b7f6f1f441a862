import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { freePort } from './ports.js';

export interface FaultProxy {
  readonly port: number;
  /** Keeps what the server says from now on; what the client says goes through. */
  holdServer(): void;
  /** Passes on what was kept, and everything from now on. */
  release(): void;
  /** Cuts all connections (what was kept is lost), and lets new ones through. */
  cut(): void;
  /** Cuts all connections and refuses new ones until `heal`. */
  partition(): void;
  heal(): void;
  /** Times that the server said something while it was held. */
  readonly heldChunks: number;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  held: Buffer[];
}

/** A TCP relay that delays or loses only the server's bytes: the client's request arrives, its answer does not. */
export async function startFaultProxy(t: Pick<TestContext, 'after'>, targetPort: number): Promise<FaultProxy> {
  const links = new Set<Link>();
  let holding = false;
  let partitioned = false;
  let heldChunks = 0;
  const end = (link: Link) => {
    links.delete(link);
    link.client.destroy();
    link.server.destroy();
  };
  const listener = createServer((client) => {
    if (partitioned) {
      client.destroy();
      return;
    }
    const link: Link = { client, server: connect(targetPort, '127.0.0.1'), held: [] };
    links.add(link);
    client.setNoDelay(true);
    link.server.setNoDelay(true);
    client.on('data', (data) => link.server.write(data));
    link.server.on('data', (data) => {
      if (!holding) client.write(data);
      else {
        heldChunks++;
        link.held.push(data);
      }
    });
    for (const socket of [client, link.server]) {
      socket.on('error', () => end(link));
      socket.on('close', () => end(link));
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => {
    listener.listen(port, '127.0.0.1', resolve);
  });
  const cut = () => {
    for (const link of links) end(link);
  };
  t.after(async () => {
    cut();
    await new Promise((resolve) => listener.close(resolve));
  });
  return {
    port,
    holdServer: () => {
      holding = true;
    },
    release: () => {
      holding = false;
      for (const link of links) for (const data of link.held.splice(0)) link.client.write(data);
    },
    cut: () => {
      holding = false;
      cut();
    },
    partition: () => {
      partitioned = true;
      cut();
    },
    heal: () => {
      partitioned = false;
      holding = false;
    },
    get heldChunks() {
      return heldChunks;
    },
  };
}
