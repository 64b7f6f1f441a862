import { createServer } from 'node:net';
import { DolphinError } from '@dolphin/protocol';
import { describePortHolder } from '@dolphin/runtime';

/** Throws E_PORT_TAKEN for the first port that cannot be bound on 127.0.0.1, with its holder. */
export async function requireFreePorts(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const code = await bindError(port);
    if (code === null) continue;
    if (code !== 'EADDRINUSE') throw new DolphinError('E_PORT_TAKEN', { port, holder: `nobody, but ${code}` });
    throw new DolphinError('E_PORT_TAKEN', { port, holder: await describePortHolder(port) });
  }
}

function bindError(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(null)));
  });
}
