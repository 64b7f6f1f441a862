import { type ClientProtocol, DolphinError } from '@dolphin/protocol';
import { describePortHolder, type Lifecycle, type Logger } from '@dolphin/runtime';
import type { Reception } from './app/reception.js';
import type { RelayPool, SharedPorts } from './app/relay-pool.js';
import type { Router } from './app/router.js';
import type { PodOptions } from './domain/pod-options.js';
import { listenPublicly } from './process/public-listener.js';
import { bindShared } from './process/shared-port.js';

/** A relay process is a start of Node: 0.2 s, on a loaded machine some. */
const RELAYS_LISTEN_WITHIN_MS = 15_000;

interface PublicPort {
  readonly protocol: ClientProtocol;
  readonly port: number;
}

/** Opens the public ports; what they accept goes to the reception. Rejects with E_PORT_TAKEN, E_CONFIG. */
export async function listenToClients(
  options: PodOptions,
  { reception, router }: { reception: Reception; router: Router },
  log: Logger,
  lifecycle: Lifecycle,
): Promise<() => void> {
  const servers = await openPorts(options, lifecycle, ({ port, protocol }) =>
    listenPublicly({
      port,
      protocol,
      address: options.address,
      onClient: (socket) => reception.onClient(socket, protocol),
      onAcceptError: () => router.countRefused('accept-failed', ''),
      log,
    }),
  );
  return () => {
    for (const server of servers) server.close();
  };
}

/** Opens the public ports for relay processes to accept on. Rejects with E_PORT_TAKEN, E_CONFIG, E_INTERNAL. */
export async function letRelaysListen(
  options: PodOptions,
  reception: SharedPorts['reception'],
  relays: RelayPool,
  lifecycle: Lifecycle,
): Promise<() => void> {
  const ports = await openPorts(options, lifecycle, ({ port, protocol }) =>
    bindShared(protocol, options.address, port),
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const why = `no relay process accepts within ${RELAYS_LISTEN_WITHIN_MS} ms`;
    timer = setTimeout(() => reject(new DolphinError('E_INTERNAL', { why })), RELAYS_LISTEN_WITHIN_MS);
  });
  await Promise.race([relays.listen({ ports, reception }), late]).finally(() => clearTimeout(timer));
  return () => {
    relays.unlisten();
    for (const port of ports) port.close();
  };
}

/** All of them, or none: each is closed with the lifecycle. */
async function openPorts<Open extends { close(): unknown }>(
  { rtmp, http, address }: PodOptions,
  lifecycle: Lifecycle,
  open: (at: PublicPort) => Promise<Open>,
): Promise<Open[]> {
  const all: PublicPort[] = [
    ...rtmp.map((port) => ({ port, protocol: 'rtmp' as const })),
    ...http.map((port) => ({ port, protocol: 'http' as const })),
  ];
  const opened: Open[] = [];
  for (const at of all) {
    try {
      const port = await open(at);
      lifecycle.add(`port ${at.port}`, () => void port.close());
      opened.push(port);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE') {
        throw new DolphinError('E_PORT_TAKEN', { port: at.port, holder: await describePortHolder(at.port) }, { cause });
      }
      const where = `${address}:${at.port}`;
      throw new DolphinError('E_CONFIG', { where, why: `cannot listen: ${code}` }, { cause });
    }
  }
  return opened;
}
