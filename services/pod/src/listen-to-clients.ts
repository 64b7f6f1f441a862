import { type ClientProtocol, DolphinError } from '@dolphin/protocol';
import { describePortHolder, type Lifecycle, type Logger } from '@dolphin/runtime';
import type { LimitsDesk } from './app/limits-desk.js';
import type { RelayPool } from './app/relay-pool.js';
import type { Router } from './app/router.js';
import type { PodConfig } from './config.js';
import type { PodOptions } from './domain/pod-options.js';
import { openReception, type ReadFirst, whatIsReadFirst } from './open-reception.js';
import { listenPublicly } from './process/public-listener.js';
import { bindShared } from './process/shared-port.js';

/** A relay process is a start of Node: 0.2 s, on a loaded machine some. */
const RELAYS_LISTEN_WITHIN_MS = 15_000;

interface PublicPort {
  readonly protocol: ClientProtocol;
  readonly port: number;
}

/** The way in for clients. */
export interface PublicPorts {
  /** Clients whose first words are being read. */
  reading(): number;
  close(): void;
}

export interface ListenDeps {
  readonly router: Router;
  readonly limits: LimitsDesk;
  readonly relays: RelayPool;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

/**
 * Opens the public ports. `mode`: `relay` lets the relay processes accept, `auto` the pod. Rejects with E_PORT_TAKEN,
 * E_CONFIG, E_INTERNAL, ConfError.
 */
export async function listenToClients(
  options: PodOptions,
  config: PodConfig,
  mode: 'auto' | 'relay',
  deps: ListenDeps,
): Promise<PublicPorts> {
  const readFirst = whatIsReadFirst(config, options.confPath);
  // Whoever is read for the stream has to be known to the limits before: then the pod accepts.
  if (mode === 'relay' && !readFirst.httpByStream) return await letRelaysListen(options, readFirst.fronts, deps);
  const { router, log } = deps;
  const reception = openReception(readFirst, deps);
  const servers = await openPorts(options, deps.lifecycle, ({ port, protocol }) =>
    listenPublicly({
      port,
      protocol,
      address: options.address,
      onClient: (socket) => reception.onClient(socket, protocol),
      onAcceptError: () => router.countRefused('accept-failed', ''),
      log,
    }),
  );
  return {
    reading: () => reception.reading,
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

async function letRelaysListen(
  options: PodOptions,
  fronts: ReadFirst['fronts'],
  { relays, lifecycle }: ListenDeps,
): Promise<PublicPorts> {
  const ports = await openPorts(options, lifecycle, ({ port, protocol }) =>
    bindShared(protocol, options.address, port),
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const why = `no relay process accepts within ${RELAYS_LISTEN_WITHIN_MS} ms`;
    timer = setTimeout(() => reject(new DolphinError('E_INTERNAL', { why })), RELAYS_LISTEN_WITHIN_MS);
  });
  const listening = relays.listen({ ports, reception: { fronts } });
  const failed = await Promise.race([listening, late]).finally(() => clearTimeout(timer));
  // Bound by two at the same moment: only one of them listens.
  if (failed !== null) throw await cannotListen(options.address, failed.port, failed);
  return {
    reading: () => relays.reading,
    close: () => {
      relays.unlisten();
      for (const port of ports) port.close();
    },
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
      throw await cannotListen(address, at.port, cause as NodeJS.ErrnoException);
    }
  }
  return opened;
}

async function cannotListen(
  address: string,
  port: number,
  cause: { code?: string | undefined },
): Promise<DolphinError> {
  if (cause.code === 'EADDRINUSE') {
    return new DolphinError('E_PORT_TAKEN', { port, holder: await describePortHolder(port) }, { cause });
  }
  return new DolphinError('E_CONFIG', { where: `${address}:${port}`, why: `cannot listen: ${cause.code}` }, { cause });
}
