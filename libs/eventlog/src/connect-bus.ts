import { type BusCredentials, DolphinError } from '@dolphin/protocol';
import { type Logger, systemClock } from '@dolphin/runtime';
import { type ConnectionOptions, connect, type NatsConnection } from 'nats';
import { readBusCredentials } from './bus-credentials.js';

export interface BusOptions {
  /** Stands in the server's connection list: `worker h1`. */
  name: string;
  logger: Logger;
  /** Who this is, or the file that says so; without, nobody in particular. Secrets come by file: others see argv. */
  credentials?: string | BusCredentials | undefined;
  /** False: fail with E_BUS_UNAVAILABLE when the server does not answer at once. Default true: wait for it for ever. */
  waitForFirst?: boolean;
  /** After the first connection, and at each change. */
  onStatus?: (connected: boolean) => void;
  signal?: AbortSignal;
}

/** A dead server or a cut network is noticed within interval × (maxOut + 1): a lease must not outlive it by long. */
const PING_INTERVAL_MS = 1_000;
const MAX_PINGS_OUT = 2;
/** First bytes from the server after the TCP connect. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 250;

/**
 * A connection that is made again for ever: nats.js alone gives up after 10 attempts. `url` may list several by comma. Throws
 * E_CONFIG for credentials that cannot be read; a server that does not know them is waited for as one that is away.
 */
export async function connectBus(url: string, options: BusOptions): Promise<NatsConnection> {
  const { logger, waitForFirst = true } = options;
  const { credentials } = options;
  const is = typeof credentials === 'string' ? readBusCredentials(credentials) : credentials;
  const connection: ConnectionOptions = {
    ...(is && { user: is.user, pass: is.password, inboxPrefix: is.inboxPrefix }),
    servers: url.split(',').map((one) => one.trim()),
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    timeout: HANDSHAKE_TIMEOUT_MS,
    noAsyncTraces: true,
    // A changed password or a restarting auth callout must not end the process's connection for good.
    ignoreAuthErrorAbort: true,
  };
  const bus = await firstConnection(connection, waitForFirst, options);
  void watch(bus, options);
  logger.info({ server: bus.getServer() }, 'connected to NATS');
  options.onStatus?.(true);
  return bus;
}

/** Own loop rather than waitOnFirstConnect: that one cannot be aborted, and says nothing while it waits. */
async function firstConnection(connection: ConnectionOptions, wait: boolean, options: BusOptions) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect(connection);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!wait || options.signal?.aborted) throw new DolphinError('E_BUS_UNAVAILABLE', { why }, { cause: error });
      if (attempt === 1)
        options.logger.warn({ why, servers: connection.servers }, 'NATS does not answer, waiting for it');
      await systemClock.sleep(RECONNECT_WAIT_MS + Math.random() * RECONNECT_JITTER_MS, options.signal);
    }
  }
}

async function watch(bus: NatsConnection, { logger, onStatus }: BusOptions): Promise<void> {
  for await (const status of bus.status()) {
    switch (status.type) {
      case 'disconnect':
        logger.warn({ server: status.server }, 'disconnected from NATS');
        onStatus?.(false);
        break;
      case 'reconnect':
        logger.info({ server: status.server }, 'connected to NATS again');
        onStatus?.(true);
        break;
      case 'staleConnection':
        logger.warn('NATS does not answer pings');
        break;
      case 'error':
        logger.warn({ err: status.error }, 'NATS reports an error');
        break;
      default:
        logger.debug({ status: status.type }, 'NATS status');
    }
  }
}
