import { createServer, type Server } from 'node:net';

/**
 * Ports of one test process: a block below Linux's ephemeral range, so that no outgoing connection of a fellow can
 * take one between choosing and using it. The block's first port stays bound as the lock while the process lives.
 */
const FIRST = 20_000;
const LAST = 32_000;
const BLOCK = 100;

let lock: Server | undefined;
let next = 0;
let end = 0;

/** A port on loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    if (next >= end) await takeBlock();
    const port = next++;
    const probe = await bind(port, '0.0.0.0');
    if (probe) {
      await new Promise((done) => probe.close(done));
      return port;
    }
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** The first of `count` neighbouring free ports, for a port plan's base. */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    let last = first;
    while (last - first + 1 < count) {
      const port = await freePort();
      if (port !== last + 1) break;
      last = port;
    }
    if (last - first + 1 === count) return first;
  }
}

async function takeBlock(): Promise<void> {
  const blocks = (LAST - FIRST) / BLOCK;
  const start = Math.floor(Math.random() * blocks);
  for (let i = 0; i < blocks; i++) {
    const first = FIRST + ((start + i) % blocks) * BLOCK;
    const server = await bind(first, '127.0.0.1');
    if (!server) continue;
    server.unref();
    lock?.unref();
    lock = server;
    next = first + 1;
    end = first + BLOCK;
    return;
  }
  throw new Error(`no free block of ports in ${FIRST}-${LAST}`);
}

function bind(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
