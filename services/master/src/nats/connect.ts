import {
  connectBus,
  createLog,
  createSessionsStream,
  JetStreamLogStore,
  JetStreamSessionHistory,
  openLease,
} from '@dolphin/eventlog';
import { DolphinError } from '@dolphin/protocol';
import { type Clock, type Complaints, type Logger, retry } from '@dolphin/runtime';
import type { NatsConnection } from 'nats';
import type { Links } from '../app/ports.js';
import { NatsAnnouncer } from './announcer.js';
import { NatsCommandBus } from './command-bus.js';
import { NatsHostAsker } from './host-asker.js';

const OPEN_RETRY = { baseMs: 200, maxMs: 2_000, attempts: Number.POSITIVE_INFINITY };

export interface ConnectOptions {
  readonly url: string;
  readonly credentials: string | undefined;
  readonly farm: string;
  readonly masterId: string;
  readonly replicas: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly signal: AbortSignal;
  readonly onStatus: (connected: boolean) => void;
}

/** Waits for NATS and its JetStream for ever. Throws only when `signal` aborts, or the log is one to be refused. */
export async function connectLinks(o: ConnectOptions): Promise<{ bus: NatsConnection; links: Links }> {
  const { logger, signal, credentials, onStatus } = o;
  const bus = await connectBus(o.url, { name: `master ${o.masterId}`, credentials, logger, signal, onStatus });
  try {
    return { bus, links: await linksOver(bus, o) };
  } catch (error) {
    // Left open, it would keep the process alive.
    await bus.close();
    throw error;
  }
}

async function linksOver(bus: NatsConnection, o: ConnectOptions): Promise<Links> {
  const { farm, logger, replicas, signal } = o;
  const log = await retry(
    'opening the log',
    () => JetStreamLogStore.open(bus, farm, { logger, expect: { replicas } }),
    {
      ...OPEN_RETRY,
      // A log that is configured otherwise stays so until an operator changes it.
      retryable: (error) => !(error instanceof DolphinError) || error.retryable,
      signal,
      clock: o.clock,
      onRetry: (error) => o.complaints.about('the log cannot be opened', { err: error }),
    },
  );
  return {
    log,
    sessions: await JetStreamSessionHistory.open(bus, farm),
    leases: {
      acquire: async (until, onRival) => {
        const lease = await openLease(bus, farm, { holder: o.masterId, logger });
        return lease.acquire(until, onRival);
      },
    },
    commands: new NatsCommandBus(bus, farm),
    hosts: new NatsHostAsker(bus, farm),
    announcer: new NatsAnnouncer(bus, farm, o.complaints),
    createLog: () => createLog(bus, farm, { replicas }),
    createSessionsStream: () => createSessionsStream(bus, farm, replicas),
  };
}
