import {
  connectBus,
  JetStreamLogStore,
  JetStreamSessionHistory,
  type LogStore,
  type SessionHistory,
} from '@dolphin/eventlog';
import type { BusCredentials } from '@dolphin/protocol';
import { type Clock, type Complaints, type Logger, retry } from '@dolphin/runtime';
import type { Msg, NatsConnection } from 'nats';
import type { Bus } from '../app/ports.js';

const OPEN_RETRY = { baseMs: 200, maxMs: 2_000, attempts: Number.POSITIVE_INFINITY };
/** A subscription is the server's within this, or after the next reconnect. */
const FLUSH_PATIENCE_MS = 2_000;

export interface NatsBusOptions {
  readonly url: string;
  readonly credentials: string | BusCredentials | undefined;
  readonly farm: string;
  readonly name: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly signal: AbortSignal;
}

export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #status: BusStatus;
  readonly log: LogStore;
  readonly sessions: SessionHistory;

  private constructor(
    connection: NatsConnection,
    parts: Pick<NatsBus, 'log' | 'sessions'>,
    o: NatsBusOptions,
    status: BusStatus,
  ) {
    this.#connection = connection;
    this.#clock = o.clock;
    this.#logger = o.logger;
    this.#status = status;
    this.log = parts.log;
    this.sessions = parts.sessions;
  }

  /** Waits for NATS and a log that can be used for ever. Throws when `signal` aborts. */
  static async connect(o: NatsBusOptions): Promise<NatsBus> {
    const { farm, credentials, logger, signal, complaints, clock } = o;
    const status: BusStatus = { connected: false, drops: 0 };
    const onStatus = (connected: boolean) => {
      status.connected = connected;
      if (!connected) status.drops++;
    };
    const connection = await connectBus(o.url, { name: o.name, credentials, logger, signal, onStatus });
    const log = await retry('opening the log', () => JetStreamLogStore.open(connection, farm, { logger }), {
      ...OPEN_RETRY,
      // Also a log that is configured otherwise: the pod needs its keeper while an operator mends that.
      retryable: () => true,
      signal,
      clock,
      onRetry: (error) => complaints.about('the log cannot be opened', { err: error }),
    });
    const sessions = await JetStreamSessionHistory.open(connection, farm, { consumes: false });
    return new NatsBus(connection, { log, sessions }, o, status);
  }

  get connected(): boolean {
    return this.#status.connected;
  }
  get drops(): number {
    return this.#status.drops;
  }

  publish(subject: string, value: unknown): void {
    // The client would keep it in memory until the server is back, without a bound.
    if (!this.connected) return;
    try {
      this.#connection.publish(subject, JSON.stringify(value));
    } catch (error) {
      this.#logger.debug({ err: error, subject }, 'not published');
    }
  }

  async serve(subject: string, answer: (data: Uint8Array) => Promise<unknown>): Promise<void> {
    this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error) void this.#answer(message, answer);
      },
    });
    await this.#known();
  }

  async listen(subject: string, heard: (data: Uint8Array) => void): Promise<() => void> {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error) heard(message.data);
      },
    });
    await this.#known();
    return () => subscription.unsubscribe();
  }

  /** What was published before is on its way when this resolves, if the server is there. */
  async close(): Promise<void> {
    if (this.connected) await this.#known();
    await this.#connection.close();
  }

  async #answer(message: Msg, answer: (data: Uint8Array) => Promise<unknown>): Promise<void> {
    try {
      const value = await answer(message.data);
      if (value !== null && this.connected) message.respond(JSON.stringify(value));
    } catch (error) {
      this.#logger.error({ err: error, subject: message.subject }, 'a request was not answered');
    }
  }

  async #known(): Promise<void> {
    const flushed = this.#connection.flush().catch(() => undefined);
    await Promise.race([flushed, this.#clock.sleep(FLUSH_PATIENCE_MS)]);
  }
}

interface BusStatus {
  connected: boolean;
  drops: number;
}
