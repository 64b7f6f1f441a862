import { DolphinError, type LogEnvelope, subjectsOf } from '@dolphin/protocol';
import { backoffMs, type Logger, silentLogger, systemClock } from '@dolphin/runtime';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { type AppendRequest, appendSettled } from './append-settled.js';
import { BusWatch } from './bus-watch.js';
import { infoOf, refuseDrift, refuseUnsafeReplicas } from './create-log.js';
import { decodeMessage, encodeEnvelope } from './envelope-codec.js';
import { JetStreamAppendBackend, messageIdOf } from './jetstream-append.js';
import { isStreamNotFound, unavailable, whyOf } from './jetstream-errors.js';
import {
  type AppendOutcome,
  type Checkpoint,
  checkpointOf,
  type FollowItem,
  type LogItem,
  type LogStore,
  type StoredEnvelope,
} from './log-store.js';
import type { LogOptions } from './stream-config.js';
import { StreamReader } from './stream-reader.js';
import { messagesOn } from './subject-gets.js';

export interface JetStreamLogOptions {
  logger?: Logger;
  /** Compared with what is found only where given. */
  expect?: LogOptions;
  /** One request. With append's four tries and pauses an append ends within about ten times this. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 2_000;
const REOPEN = { baseMs: 100, maxMs: 2_000 };
/** How often a reader looks for a stream that is not there. */
const MISSING_POLL_MS = 250;
const WARN_FULL_AT = 0.8;

/** A farm's log on JetStream. */
export class JetStreamLogStore implements LogStore {
  readonly #bus: NatsConnection;
  readonly #farm: string;
  readonly #stream: string;
  readonly #manager: JetStreamManager;
  readonly #watch: BusWatch;
  readonly #backend: JetStreamAppendBackend;
  readonly #logger: Logger;
  readonly #expect: LogOptions;
  /** By subject: the append whose outcome is open, and the one under way. Subjects are those that this process writes. */
  readonly #unsettled = new Map<string, AppendRequest>();
  readonly #queues = new Map<string, Promise<unknown>>();
  #warned = false;

  private constructor(bus: NatsConnection, farm: string, manager: JetStreamManager, options: JetStreamLogOptions) {
    this.#bus = bus;
    this.#farm = farm;
    this.#stream = subjectsOf(farm).logStream;
    this.#manager = manager;
    this.#watch = new BusWatch(bus);
    this.#backend = new JetStreamAppendBackend(bus, manager, this.#stream, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#logger = options.logger ?? silentLogger();
    this.#expect = options.expect ?? {};
  }

  /**
   * Opens a farm's log, which need not be there yet. Throws E_LOG_CONFIG when it is configured otherwise, E_UNSUPPORTED
   * for replicas on an old server, E_BUS_UNAVAILABLE.
   */
  static async open(bus: NatsConnection, farm: string, options: JetStreamLogOptions = {}): Promise<JetStreamLogStore> {
    const timeout = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    try {
      const manager = await jetstreamManager(bus, { timeout, checkAPI: false });
      const store = new JetStreamLogStore(bus, farm, manager, options);
      await store.info();
      return store;
    } catch (error) {
      throw unavailable(error);
    }
  }

  async append(
    subject: string,
    envelope: LogEnvelope,
    { expectedLast, messageId }: { expectedLast: number; messageId: string },
  ): Promise<AppendOutcome> {
    const bytes = encodeEnvelope(envelope);
    const request = { subject, bytes, expectedLast, messageId };
    const before = this.#queues.get(subject) ?? Promise.resolve();
    const mine = before.then(() => this.#append(request));
    const settled = mine.catch(() => undefined);
    this.#queues.set(subject, settled);
    return mine;
  }

  async #append(request: AppendRequest): Promise<AppendOutcome> {
    const { subject, messageId } = request;
    const open = this.#unsettled.get(subject);
    const again = open?.messageId === messageId;
    if (!this.#watch.connected) {
      if (again) return { outcome: 'unknown', why: 'NATS is away' };
      throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'not connected' });
    }
    if (open && !again) await this.#settle(open);
    const outcome = await appendSettled(this.#backend, request, again);
    if (outcome.outcome === 'unknown') this.#unsettled.set(subject, request);
    else this.#unsettled.delete(subject);
    return outcome;
  }

  /** Throws while it stays open: what was to follow it is then certainly not stored. */
  async #settle(open: AppendRequest): Promise<void> {
    const outcome = await appendSettled(this.#backend, open, true);
    if (outcome.outcome === 'unknown') {
      throw new DolphinError('E_BUS_UNAVAILABLE', { why: `an earlier append is not settled: ${outcome.why}` });
    }
    this.#unsettled.delete(open.subject);
  }

  async lastOn(subject: string): Promise<StoredEnvelope | null> {
    try {
      const message = await this.#manager.streams.getMessage(this.#stream, { last_by_subj: subject });
      if (message === null) return null;
      const at = message.time.toISOString();
      const place = { sequence: message.seq, at, subject: message.subject, messageId: messageIdOf(message) };
      const item = decodeMessage({ ...place, created: '', data: message.data });
      if (item.type === 'undecodable') throw new DolphinError('E_LOG_UNREADABLE', { ...item });
      return { ...place, envelope: item.envelope };
    } catch (error) {
      if (isStreamNotFound(error)) return null;
      throw unavailable(error);
    }
  }

  async *read(o: { after: number; limit?: number; until?: number; subject?: string }): AsyncIterable<LogItem> {
    yield* o.subject === undefined ? this.#readAll(o) : this.#readOn(o.subject, o);
  }

  async *#readOn(subject: string, o: { after: number; limit?: number; until?: number }): AsyncIterable<LogItem> {
    try {
      const info = await this.info();
      const until = Math.min(o.until ?? Number.MAX_SAFE_INTEGER, info?.lastSequence ?? 0);
      let left = o.limit ?? Number.MAX_SAFE_INTEGER;
      if (info === null || left < 1) return;
      for await (const message of messagesOn(this.#manager, this.#stream, subject, { after: o.after, until })) {
        const place = { sequence: message.seq, at: message.time.toISOString(), subject: message.subject };
        const { created } = info;
        yield decodeMessage({ ...place, messageId: messageIdOf(message), created, data: message.data });
        if (--left < 1) return;
      }
    } catch (error) {
      throw unavailable(error);
    }
  }

  async *#readAll(options: { after: number; limit?: number; until?: number }): AsyncIterable<LogItem> {
    const info = await this.info();
    const until = Math.min(options.until ?? Number.MAX_SAFE_INTEGER, info?.lastSequence ?? 0);
    const limit = options.limit ?? Number.MAX_SAFE_INTEGER;
    if (info === null || options.after >= until || limit < 1) return;
    const reader = new StreamReader(this.#bus, this.#manager, this.#stream, this.#watch);
    let count = 0;
    try {
      await reader.open(options.after);
      if (reader.pending === 0) return;
      for await (const item of reader.items(info.created, new AbortController().signal)) {
        if (item.sequence > until) return;
        yield item;
        if (item.sequence === until || ++count >= limit || reader.pending === 0) return;
      }
      throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'the connection dropped while the log was read' });
    } catch (error) {
      throw unavailable(error);
    } finally {
      void reader.close();
    }
  }

  async *follow(options: { after: number; checkpoint?: Checkpoint; signal: AbortSignal }): AsyncIterable<FollowItem> {
    const { signal } = options;
    let { after, checkpoint } = options;
    for (let failures = 0; !signal.aborted && !this.#watch.closed; ) {
      await this.#watch.whenConnected(signal);
      const reader = new StreamReader(this.#bus, this.#manager, this.#stream, this.#watch);
      let delayMs = 0;
      try {
        // In this order: should the history change between the two, the consumer is gone with the old one.
        await reader.open(after);
        const history = await this.#verify(after, checkpoint);
        if (history.type === 'rewound') {
          yield history;
          return;
        }
        checkpoint = history.checkpoint ?? checkpoint;
        for await (const item of reader.items(history.created, signal)) {
          failures = 0;
          after = item.sequence;
          checkpoint = checkpointOf(item);
          yield item;
        }
        delayMs = backoffMs(++failures, REOPEN, Math.random);
      } catch (error) {
        if (isStreamNotFound(error) && after > 0) {
          yield { type: 'rewound', why: 'there is no stream any more' };
          return;
        }
        delayMs = isStreamNotFound(error) ? MISSING_POLL_MS : backoffMs(++failures, REOPEN, Math.random);
        this.#logger.debug({ why: whyOf(error), after }, 'the log cannot be followed now');
      } finally {
        void reader.close();
      }
      await systemClock.sleep(delayMs, signal);
    }
  }

  async info(): Promise<{ lastSequence: number; created: string } | null> {
    try {
      const info = await infoOf(this.#manager.streams.info(this.#stream));
      if (info === null) return null;
      refuseDrift(info, this.#farm, this.#expect);
      refuseUnsafeReplicas(this.#bus, info.config.num_replicas);
      this.#warnWhenFilling(info.state.bytes, info.config.max_bytes);
      return { lastSequence: info.state.last_seq, created: info.created };
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Whether the history that was read up to `after` is the one that is there. Throws when there is no answer. */
  async #verify(after: number, checkpoint: Checkpoint | undefined) {
    const info = await this.#manager.streams.info(this.#stream);
    const created = info.created;
    const rewound = (why: string) => ({ type: 'rewound' as const, why });
    if (checkpoint && checkpoint.created !== created) return rewound('the stream was created again');
    if (info.state.last_seq < after) return rewound(`the log ends at ${info.state.last_seq}, before ${after}`);
    if (after === 0) return { type: 'same' as const, created };
    const message = await this.#manager.streams.getMessage(this.#stream, { seq: after });
    if (message === null) return rewound(`message ${after} is not there`);
    const messageId = messageIdOf(message);
    if (checkpoint && checkpoint.messageId !== messageId) return rewound(`message ${after} is another one`);
    return { type: 'same' as const, created, checkpoint: { created, sequence: after, messageId } };
  }

  #warnWhenFilling(bytes: number, maxBytes: number): void {
    const filling = maxBytes > 0 && bytes > maxBytes * WARN_FULL_AT;
    if (filling && !this.#warned) this.#logger.warn({ bytes, maxBytes }, 'the log is more than 80 % full');
    this.#warned = filling;
  }
}
