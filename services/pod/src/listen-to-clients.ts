import { DolphinError } from '@dolphin/protocol';
import { describePortHolder, type Lifecycle, type Logger } from '@dolphin/runtime';
import type { Reception } from './app/reception.js';
import type { Router } from './app/router.js';
import type { PodOptions } from './domain/pod-options.js';
import { listenPublicly } from './process/public-listener.js';

/** Opens the public ports; what they accept goes to the reception. Rejects with E_PORT_TAKEN, E_CONFIG. */
export async function listenToClients(
  options: PodOptions,
  { reception, router }: { reception: Reception; router: Router },
  log: Logger,
  lifecycle: Lifecycle,
): Promise<{ close(): unknown }[]> {
  const servers = [];
  const listeners = [
    ...options.rtmp.map((port) => ({ port, protocol: 'rtmp' as const })),
    ...options.http.map((port) => ({ port, protocol: 'http' as const })),
  ];
  for (const { port, protocol } of listeners) {
    try {
      const server = await listenPublicly({
        port,
        protocol,
        address: options.address,
        onClient: (socket) => reception.onClient(socket, protocol),
        onAcceptError: () => router.countRefused('accept-failed', ''),
        log,
      });
      lifecycle.add(`port ${port}`, () => void server.close());
      servers.push(server);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE') {
        throw new DolphinError('E_PORT_TAKEN', { port, holder: await describePortHolder(port) }, { cause });
      }
      const where = `${options.address}:${port}`;
      throw new DolphinError('E_CONFIG', { where, why: `cannot listen: ${code}` }, { cause });
    }
  }
  return servers;
}
