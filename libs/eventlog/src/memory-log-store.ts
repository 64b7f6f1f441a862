import { DolphinError, type LogEnvelope } from '@dolphin/protocol';
import { decodeMessage, encodeEnvelope, type RawMessage } from './envelope-codec.js';
import type { AppendOutcome, Checkpoint, FollowItem, LogItem, LogStore, SubjectTail } from './log-store.js';

export interface MemoryLogStoreOptions {
  /** The store's clock. Default: a fixed time, one second more per message. */
  now?: () => Date;
  /** False: there is no stream until `create()`. Default true. */
  created?: boolean;
}

/** The log as tests and simulations use it: same contract as on JetStream, and knobs for what goes wrong there. */
export class MemoryLogStore implements LogStore {
  readonly #now: () => Date;
  #messages: RawMessage[] = [];
  #created: string | null = null;
  #lives = 0;
  #lastSequence = 0;
  #wakeUps = new Set<() => void>();
  #nextAppend: 'normal' | 'stored-but-unknown' | 'lost-but-unknown' = 'normal';

  constructor(options: MemoryLogStoreOptions = {}) {
    let ticks = 0;
    this.#now = options.now ?? (() => new Date(Date.UTC(2026, 0, 1) + 1000 * ticks++));
    if (options.created !== false) this.create();
  }

  /** Makes the stream, or another one in its place, empty. */
  create(): void {
    this.#messages = [];
    this.#lastSequence = 0;
    this.#created = `${new Date(Date.UTC(2026, 0, 1) + this.#lives++).toISOString()}`;
    this.#wake();
  }

  /** As a store restored from an older copy: `created` stays, messages above `sequence` are gone. */
  loseTail(sequence: number): void {
    this.#messages = this.#messages.filter((message) => message.sequence <= sequence);
    this.#lastSequence = Math.min(this.#lastSequence, sequence);
    this.#wake();
  }

  /** The next append answers `unknown`, whether or not it was stored. */
  nextAppend(is: 'stored-but-unknown' | 'lost-but-unknown'): void {
    this.#nextAppend = is;
  }

  /** Stores bytes that need not be an envelope; without an id, as an answer of the server that strayed here. */
  appendRaw(subject: string, data: Uint8Array, messageId = `raw-${this.#lastSequence + 1}`): number {
    if (this.#created === null) throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'there is no stream' });
    const sequence = ++this.#lastSequence;
    this.#messages.push({ sequence, at: this.#now().toISOString(), subject, messageId, created: this.#created, data });
    this.#wake();
    return sequence;
  }

  append(
    subject: string,
    envelope: LogEnvelope,
    { expectedLast, messageId }: { expectedLast: number; messageId: string },
  ): Promise<AppendOutcome> {
    return Promise.resolve().then(() => {
      const data = encodeEnvelope(envelope);
      if (this.#created === null) throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'there is no stream' });
      const mode = this.#nextAppend;
      this.#nextAppend = 'normal';
      const next = this.#messages.find((one) => one.subject === subject && one.sequence > expectedLast);
      if (next?.messageId === messageId) return { outcome: 'appended', sequence: next.sequence };
      const lastSequence = this.#last(subject)?.sequence ?? 0;
      if (mode === 'lost-but-unknown') return { outcome: 'unknown', why: 'as asked' };
      if (lastSequence !== expectedLast) return { outcome: 'conflict', lastSequence };
      const sequence = this.appendRaw(subject, data, messageId);
      return mode === 'normal' ? { outcome: 'appended', sequence } : { outcome: 'unknown', why: 'as asked' };
    });
  }

  tailOn(subject: string): Promise<SubjectTail> {
    return Promise.resolve().then(() => {
      const guard = this.#last(subject)?.sequence ?? 0;
      const last = this.#messages.findLast((message) => message.subject === subject && message.messageId !== '');
      if (!last) return { guard, newest: null };
      const item = decodeMessage(last);
      if (item.type !== 'stored') throw new DolphinError('E_LOG_UNREADABLE', { ...item });
      const { type: _, created: __, ...newest } = item;
      return { guard, newest };
    });
  }

  async *read(options: { after: number; limit?: number; until?: number; subject?: string }): AsyncIterable<LogItem> {
    const until = Math.min(options.until ?? Number.MAX_SAFE_INTEGER, this.#lastSequence);
    const on = options.subject;
    const page = this.#messages.filter(
      ({ sequence, subject }) => sequence > options.after && sequence <= until && (on === undefined || subject === on),
    );
    for (const message of page.slice(0, options.limit)) yield decodeMessage(message);
  }

  async *follow(options: { after: number; checkpoint?: Checkpoint; signal: AbortSignal }): AsyncIterable<FollowItem> {
    let { after, checkpoint } = options;
    while (!options.signal.aborted) {
      const why = this.#differs(after, checkpoint);
      if (why !== null) {
        yield { type: 'rewound', why };
        return;
      }
      const next = this.#messages.find(({ sequence }) => sequence > after);
      if (!next) {
        await this.#change(options.signal);
        continue;
      }
      after = next.sequence;
      checkpoint = { created: next.created, sequence: next.sequence, messageId: next.messageId };
      yield decodeMessage(next);
    }
  }

  info(): Promise<{ lastSequence: number; created: string } | null> {
    const created = this.#created;
    return Promise.resolve(created === null ? null : { lastSequence: this.#lastSequence, created });
  }

  #last(subject: string): RawMessage | undefined {
    return this.#messages.findLast((message) => message.subject === subject);
  }

  #differs(after: number, checkpoint: Checkpoint | undefined): string | null {
    if (after > this.#lastSequence) return `the log ends at ${this.#lastSequence}, before ${after}`;
    if (!checkpoint) return null;
    if (checkpoint.created !== this.#created) return 'the stream was created again';
    const message = this.#messages.find(({ sequence }) => sequence === checkpoint.sequence);
    return message?.messageId === checkpoint.messageId ? null : `message ${checkpoint.sequence} is another one`;
  }

  #wake(): void {
    for (const wakeUp of [...this.#wakeUps]) wakeUp();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#wakeUps.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wakeUps.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
