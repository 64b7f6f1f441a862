import { DolphinError } from '@dolphin/protocol';
import { systemClock } from '@dolphin/runtime';
import { type JetStreamManager, PubHeaders, type StoredMsg } from '@nats-io/jetstream';
import { headers, type NatsConnection, RequestError } from 'nats';
import type { AppendBackend, AppendRequest, MessagePlace, PublishResult } from './append-settled.js';
import { isFull, isWrongLast, whyOf } from './jetstream-errors.js';

/** The stream as append's settling sees it. */
export class JetStreamAppendBackend implements AppendBackend {
  readonly #bus: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #timeoutMs: number;

  constructor(bus: NatsConnection, manager: JetStreamManager, stream: string, timeoutMs: number) {
    this.#bus = bus;
    this.#manager = manager;
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
  }

  async publish({ subject, bytes, expectedLast, messageId }: AppendRequest): Promise<PublishResult> {
    const guard = headers();
    guard.set(PubHeaders.MsgIdHdr, messageId);
    guard.set(PubHeaders.ExpectedStreamHdr, this.#stream);
    guard.set(PubHeaders.ExpectedLastSubjectSequenceHdr, String(expectedLast));
    try {
      const answer = await this.#bus.request(subject, bytes, { headers: guard, timeout: this.#timeoutMs });
      return readAck(answer.data, this.#stream);
    } catch (error) {
      // Nobody listens on the subject: there is no stream, or its cluster has no leader.
      if (error instanceof RequestError && error.isNoResponders())
        return { type: 'not-stored', why: 'no stream answers' };
      return { type: 'no-answer', why: whyOf(error) };
    }
  }

  async last(subject: string): Promise<MessagePlace | null> {
    return placeOf(await this.#manager.streams.getMessage(this.#stream, { last_by_subj: subject }));
  }

  async firstAfter(subject: string, sequence: number): Promise<MessagePlace | null> {
    const query = { seq: sequence + 1, next_by_subj: subject };
    return placeOf(await this.#manager.streams.getMessage(this.#stream, query));
  }

  sleep(ms: number): Promise<void> {
    return systemClock.sleep(ms);
  }

  random(): number {
    return Math.random();
  }
}

export function messageIdOf(message: { header?: { get(name: string): string } | undefined }): string {
  return message.header?.get(PubHeaders.MsgIdHdr) ?? '';
}

function placeOf(message: StoredMsg | null): MessagePlace | null {
  return message === null ? null : { sequence: message.seq, messageId: messageIdOf(message) };
}

interface Ack {
  seq?: unknown;
  stream?: unknown;
  error?: { err_code?: unknown; description?: unknown };
}

/** A `PubAck`, or JetStream's error. What cannot be read leaves it open what happened. */
export function readAck(data: Uint8Array, stream: string): PublishResult {
  let ack: Ack | null;
  try {
    ack = JSON.parse(new TextDecoder().decode(data)) as Ack | null;
  } catch {
    return { type: 'no-answer', why: 'the acknowledgement is no JSON' };
  }
  const why = String(ack?.error?.description ?? 'unknown error');
  const code = Number(ack?.error?.err_code ?? 0);
  if (isWrongLast(code)) return { type: 'wrong-last' };
  if (isFull(code)) return { type: 'refused', error: new DolphinError('E_LOG_FULL', { stream, why }) };
  if (ack?.error) return { type: 'not-stored', why: `${why} (${code})` };
  if (ack?.stream !== stream || typeof ack.seq !== 'number' || ack.seq < 1) {
    return { type: 'no-answer', why: 'the acknowledgement is of another stream' };
  }
  return { type: 'stored', sequence: ack.seq };
}
