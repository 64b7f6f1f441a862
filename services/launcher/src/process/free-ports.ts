import { createServer } from 'node:net';
import { DolphinError } from '@dolphin/protocol';
import { describePortHolder } from '@dolphin/runtime';
import type { Endpoint } from '../http/probes.js';

/** Throws E_PORT_TAKEN for the first that cannot be bound, with its holder; E_CONFIG for another machine's address. */
export async function requireFreePorts(endpoints: readonly Endpoint[]): Promise<void> {
  for (const { host, port } of endpoints) {
    const code = await bindError(host, port);
    if (code === null) continue;
    if (code === 'EADDRNOTAVAIL') {
      throw new DolphinError('E_CONFIG', { where: '--listen', why: `${host} is no address of this machine` });
    }
    if (code !== 'EADDRINUSE') throw new DolphinError('E_PORT_TAKEN', { port, holder: `nobody, but ${code}` });
    throw new DolphinError('E_PORT_TAKEN', { port, holder: await describePortHolder(port) });
  }
}

function bindError(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
