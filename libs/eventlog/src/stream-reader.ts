import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import type { BusWatch } from './bus-watch.js';
import { decodeMessage } from './envelope-codec.js';
import { messageIdOf } from './jetstream-append.js';
import type { LogItem } from './log-store.js';

/** Asked for in advance. Messages are up to 900 KB, usually some hundred bytes. */
const PREFETCH_MESSAGES = 256;
/** Silence for twice this means that the consumer or the way to it is gone. */
const HEARTBEAT_MS = 1_000;
const PULL_EXPIRES_MS = 30_000;
/** The server drops a consumer that nobody pulls from. */
const INACTIVE_NS = 10e9;

/**
 * One consumer on the log, in order and without holes, or it ends: when the connection drops, when the consumer is gone,
 * when a delivery is missing. Its user opens the next one at the place that it had reached, after verifying that
 * the history is still the same: nats.js's own ordered consumer goes on without looking.
 */
export class StreamReader {
  readonly #bus: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #watch: BusWatch;
  #messages: ConsumerMessages | undefined;
  #name = '';
  #pending = 0;

  constructor(bus: NatsConnection, manager: JetStreamManager, stream: string, watch: BusWatch) {
    this.#bus = bus;
    this.#manager = manager;
    this.#stream = stream;
    this.#watch = watch;
  }

  /** Makes the consumer; nothing is asked for yet. Throws nats.js's errors. */
  async open(after: number): Promise<void> {
    const info = await this.#manager.consumers.add(this.#stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      inactive_threshold: INACTIVE_NS,
      mem_storage: true,
      num_replicas: 1,
    });
    this.#name = info.name;
    this.#pending = info.num_pending;
  }

  /** Messages that the stream held, when it sent the last one that came, beyond that; at first, beyond `after`. */
  get pending(): number {
    return this.#pending;
  }

  /** Ends without an error when the consumer can no longer be trusted, or `signal` aborts. */
  async *items(created: string, signal: AbortSignal): AsyncGenerator<LogItem> {
    const js = jetstream(this.#bus);
    const consumer = await js.consumers.get(this.#stream, this.#name);
    const messages = await consumer.consume({
      max_messages: PREFETCH_MESSAGES,
      idle_heartbeat: HEARTBEAT_MS,
      expires: PULL_EXPIRES_MS,
      abort_on_missing_resource: true,
    });
    this.#messages = messages;
    const end = () => messages.stop();
    const drops = this.#watch.drops;
    const unwatch = this.#watch.onChange(end);
    signal.addEventListener('abort', end);
    void this.#watchHeartbeats(messages);
    let delivered = 0;
    try {
      if (signal.aborted || !this.#watch.connected || this.#watch.drops !== drops) return;
      for await (const message of messages) {
        const { info } = message;
        if (info.deliverySequence !== ++delivered || signal.aborted) return;
        this.#pending = info.pending;
        yield itemOf(message, created);
      }
    } catch {
      // The consumer is gone, with its server or its stream: the user opens another one.
    } finally {
      unwatch();
      signal.removeEventListener('abort', end);
      messages.stop();
    }
  }

  /** Best effort: what is left is dropped by the server after a while. */
  async close(): Promise<void> {
    this.#messages?.stop();
    if (this.#name === '' || !this.#watch.connected) return;
    try {
      await this.#manager.consumers.delete(this.#stream, this.#name);
    } catch {
      // It was gone already.
    }
  }

  async #watchHeartbeats(messages: ConsumerMessages): Promise<void> {
    for await (const status of messages.status()) {
      // A heartbeat tells what the server has sent: more than what came means that some got lost on the way.
      const lost = status.type === 'heartbeat' && status.lastConsumerSequence > messages.getReceived();
      if (lost || status.type === 'heartbeats_missed') messages.stop();
    }
  }
}

function itemOf(message: JsMsg, created: string): LogItem {
  const { info, timestamp: at, subject, data, headers } = message;
  const messageId = messageIdOf({ header: headers });
  return decodeMessage({ sequence: info.streamSequence, at, subject, messageId, created, data });
}
