import { DolphinError, hostOfSubject, type SessionBatch, subjectsOf } from '@dolphin/protocol';
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { appendSettled } from './append-settled.js';
import { infoOf } from './create-log.js';
import { JetStreamAppendBackend } from './jetstream-append.js';
import { isStreamNotFound, unavailable } from './jetstream-errors.js';
import type { AppendOutcome } from './log-store.js';
import { decodeBatch, decodeEnd, encodeBatch } from './session-batch-codec.js';
import type { SessionHistory, SessionTail, StoredBatch } from './session-history.js';
import { lastAppended, messagesBackOn } from './subject-gets.js';

const TIMEOUT_MS = 2_000;
/** Messages are fetched in windows, each of which is in memory as a whole: by their mean size, so much. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Should all in it be of the greatest size, 64 MB; a host that tells little has a few hundred bytes in each. */
const MAX_WINDOW = 512;
const MIN_WINDOW = 16;
/** A window's messages are there already. */
const FETCH_EXPIRES_MS = 5_000;
/** The server drops a consumer that nobody pulls from. */
const INACTIVE_NS = 10e9;

/** The stream dolphin-<farm>-sessions. `createSessionsStream` makes it. */
export class JetStreamSessionHistory implements SessionHistory {
  readonly #bus: NatsConnection;
  readonly #farm: string;
  readonly #stream: string;
  readonly #manager: JetStreamManager;
  readonly #backend: JetStreamAppendBackend;
  readonly #consumes: boolean;

  private constructor(bus: NatsConnection, farm: string, manager: JetStreamManager, consumes: boolean) {
    this.#consumes = consumes;
    this.#bus = bus;
    this.#farm = farm;
    this.#stream = subjectsOf(farm).sessionsStream;
    this.#manager = manager;
    this.#backend = new JetStreamAppendBackend(bus, manager, this.#stream, TIMEOUT_MS);
  }

  /** Asks nobody yet: the stream need not be there. `consumes`: false for a worker, which may make no consumer. */
  static async open(bus: NatsConnection, farm: string, { consumes = true } = {}): Promise<JetStreamSessionHistory> {
    const manager = await jetstreamManager(bus, { timeout: TIMEOUT_MS, checkAPI: false });
    return new JetStreamSessionHistory(bus, farm, manager, consumes);
  }

  async tail(host: string): Promise<SessionTail> {
    const last_by_subj = subjectsOf(this.#farm).sessions(host);
    try {
      const message = await this.#manager.streams.getMessage(this.#stream, { last_by_subj });
      if (message === null) return { guard: 0, end: null };
      const newest = await lastAppended(this.#manager, this.#stream, message);
      return { guard: message.seq, end: newest && decodeEnd(newest.data, newest.seq) };
    } catch (error) {
      throw unavailable(error);
    }
  }

  async lastSequence(): Promise<number> {
    try {
      return (await infoOf(this.#manager.streams.info(this.#stream)))?.state.last_seq ?? 0;
    } catch (error) {
      throw unavailable(error);
    }
  }

  append(batch: SessionBatch, o: { expectedLast: number; messageId: string }): Promise<AppendOutcome> {
    const subject = subjectsOf(this.#farm).sessions(batch.host);
    return appendSettled(this.#backend, { subject, bytes: encodeBatch(batch), ...o });
  }

  async *readBack({ before, host }: { before?: number; host?: string }): AsyncIterable<StoredBatch> {
    try {
      const info = await infoOf(this.#manager.streams.info(this.#stream));
      if (info === null || info.state.messages === 0) return;
      const { first_seq: first, last_seq: last, bytes, messages } = info.state;
      const subjects = subjectsOf(this.#farm);
      const subject = host === undefined ? subjects.sessionsAll : subjects.sessions(host);
      const end = Math.min(last, (before ?? last + 1) - 1);
      if (!this.#consumes) {
        const found = messagesBackOn(this.#manager, this.#stream, subject, { first, until: end });
        for await (const message of found) {
          yield { sequence: message.seq, at: message.time.toISOString(), batch: batchOf(message) };
        }
        return;
      }
      const size = windowSize(bytes / messages);
      for (let to = end; to >= first; to -= size) {
        const found = await this.#window(Math.max(first, to - size + 1), to, subject);
        for (const message of found.reverse()) {
          yield { sequence: message.seq, at: message.timestamp, batch: batchOf(message) };
        }
      }
    } catch (error) {
      if (isStreamNotFound(error)) return;
      throw unavailable(error);
    }
  }

  /** All messages on `subject` with sequences from `from` to `to`. Throws when it cannot have them all. */
  async #window(from: number, to: number, subject: string): Promise<JsMsg[]> {
    const info = await this.#manager.consumers.add(this.#stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      filter_subject: subject,
      inactive_threshold: INACTIVE_NS,
      mem_storage: true,
      num_replicas: 1,
    });
    try {
      return info.num_pending === 0 ? [] : await this.#fetch(info.name, Math.min(info.num_pending, to - from + 1), to);
    } finally {
      // One that stays is dropped by the server after a while.
      void this.#manager.consumers.delete(this.#stream, info.name).catch(() => undefined);
    }
  }

  async #fetch(consumer: string, count: number, to: number): Promise<JsMsg[]> {
    const found: JsMsg[] = [];
    const from = await jetstream(this.#bus).consumers.get(this.#stream, consumer);
    const messages = await from.fetch({ max_messages: count, expires: FETCH_EXPIRES_MS });
    let delivered = 0;
    try {
      for await (const message of messages) {
        if (message.info.deliverySequence !== ++delivered) break;
        if (message.seq <= to) found.push(message);
        if (message.seq >= to || message.info.pending === 0 || delivered === count) return found;
      }
    } finally {
      messages.stop();
    }
    throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'the connection dropped while sessions were read' });
  }
}

/** Null also for one that speaks for another host: NATS may let a worker write on its own subject alone. */
function batchOf({ subject, data }: Pick<JsMsg, 'subject' | 'data'>): SessionBatch | null {
  const batch = decodeBatch(data);
  return batch !== null && batch.host === hostOfSubject(subject) ? batch : null;
}

/** Messages in a window, for messages of this mean size. */
export function windowSize(meanBytes: number): number {
  return Math.max(MIN_WINDOW, Math.min(MAX_WINDOW, Math.floor(WINDOW_BYTES / meanBytes)));
}
