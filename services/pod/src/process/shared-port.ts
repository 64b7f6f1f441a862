import { lookup } from 'node:dns/promises';
import * as net from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { SharedPort } from '../app/relay-line.js';
import { bindPublic } from './bind-public.js';

/** Node's own object for a socket. */
interface BoundHandle {
  getsockname(into: object): number;
  close(): void;
}

/**
 * What Node's cluster module binds its shared ports with. A `net.Server` would do as well, but it accepts from the
 * moment it listens: the pod would be woken for each client of its relay processes.
 */
const { _createServerHandle: createServerHandle } = net as unknown as {
  _createServerHandle(address: string, port: number, family: 4 | 6, fd: number, flags: number): BoundHandle | number;
};

export interface BoundPort extends SharedPort {
  readonly handle: object;
}

/**
 * Binds without listening. The kernel has one socket for all who hold a copy of it: as long as this process does, clients
 * wait in the backlog while no relay process is there. Rejects as `bindPublic` does.
 */
export function bindShared(protocol: 'rtmp' | 'http', address: string, port: number): Promise<BoundPort> {
  return bindPublic<BoundPort>(address, async (host) => {
    const { address: ip, family } = await lookup(host);
    const handle = createServerHandle(ip, port, family === 6 ? 6 : 4, -1, 0);
    // That a port is taken is told at the next call only.
    const error = typeof handle === 'number' ? handle : handle.getsockname({});
    if (typeof handle !== 'number' && error === 0) return { protocol, port, handle, close: () => handle.close() };
    if (typeof handle !== 'number') handle.close();
    const code = getSystemErrorName(error);
    return Object.assign(new Error(`bind ${code} ${ip}:${port}`), { code });
  });
}
