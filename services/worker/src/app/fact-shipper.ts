import type { AppendOutcome, LogStore } from '@dolphin/eventlog';
import { DolphinError, type Fact, type FactEnvelope } from '@dolphin/protocol';
import type { Logger } from '@dolphin/runtime';
import { judgeRefusedJoin, judgeTail, type LogTail, nextEpoch, type OwnPlace } from '../domain/epoch-rules.js';
import { type Batch, countsAnew, type HappeningsRead, nextBatch, recoveredCursor } from '../domain/shipping-cursor.js';
import { BATCH_BYTES, BATCH_ENTRIES, PAGE_HAPPENINGS, RECOVERY_MESSAGES } from './bounds.js';
import type { Outbox } from './outbox.js';
import { isFailure, type PodControl } from './ports.js';

export interface ShipperDeps {
  readonly log: Pick<LogStore, 'append' | 'tailOn' | 'read' | 'info'>;
  readonly pod: Pick<PodControl, 'happenings'>;
  readonly outbox: Pick<Outbox, 'facts' | 'forget'>;
  /** `log.host.<host>` */
  readonly subject: string;
  readonly host: string;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Wall time, ms: for people. */
  readonly now: () => number;
}

/** What a host says of itself for the whole of an epoch. */
export type HostWords = Pick<
  Extract<Fact, { type: 'host-joined' }>,
  'address' | 'labels' | 'capacity' | 'engines' | 'confs'
>;

export interface Joining {
  readonly farmId: string;
  readonly version: string;
  readonly rtmp: number[];
  readonly http: number[];
  readonly host: HostWords;
  /** This run directory has not joined before, or another one did since: its happenings may not be those of the log. */
  readonly strange: boolean;
}

interface Pending extends Batch {
  readonly envelope: FactEnvelope;
  readonly messageId: string;
}

type HostTail = LogTail & { readonly factIds: ReadonlySet<string> };

const jsonBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;

/**
 * Writes the host's subject of the log: `host-joined`, then what happened, each thing exactly once and in order. The
 * log itself is the memory: its last message says how far it reaches (`upTo`), and holds what a crash may have left in
 * the outbox. One append at a time; one whose outcome is unknown is settled before the next is made.
 *
 * Calls must not overlap. Each throws DolphinError when the log does not answer; the same call may then be made again.
 */
export class FactShipper {
  readonly #deps: ShipperDeps;
  #farmId = '';
  #place: OwnPlace = { sequence: 0, messageId: '', epoch: 0 };
  /** What the next append expects: our last message, or a stray behind it. */
  #guard = 0;
  #upTo = 0;
  #pending: Pending | null = null;
  #mustRecover = false;

  constructor(deps: ShipperDeps) {
    this.#deps = deps;
  }

  /** 0: not joined yet. */
  get epoch(): number {
    return this.#place.epoch;
  }
  get upTo(): number {
    return this.#upTo;
  }

  /** The last message of this host in the log. Throws E_LOG_UNREADABLE for what is no message of facts. */
  async tail(): Promise<HostTail | null> {
    return (await this.#look()).tail;
  }

  async #look(): Promise<{ guard: number; tail: HostTail | null }> {
    const { guard, newest } = await this.#deps.log.tailOn(this.#deps.subject);
    if (newest === null) return { guard, tail: null };
    const { envelope, sequence, messageId } = newest;
    if (envelope.kind !== 'facts' || envelope.host !== this.#deps.host) {
      throw new DolphinError('E_LOG_UNREADABLE', { sequence, why: `no facts of host ${this.#deps.host}` });
    }
    const factIds = new Set(envelope.entries.map((entry) => entry.id));
    return { guard, tail: { sequence, messageId, epoch: envelope.epoch, upTo: envelope.upTo, factIds } };
  }

  /** Begins an epoch. `taken`: another worker began it at the same time. */
  async join(joining: Joining, signal: AbortSignal): Promise<'joined' | 'taken' | 'aborted'> {
    const { outbox, log, subject, newId } = this.#deps;
    this.#farmId = joining.farmId;
    this.#pending = null;
    while (!signal.aborted) {
      const { guard, tail } = await this.#look();
      // Before the next append: afterwards the message that holds them is no longer the last.
      if (tail) await outbox.forget(tail.factIds);
      const epoch = nextEpoch(tail, this.#place.epoch);
      const upTo = tail?.upTo ?? 0;
      const { version, rtmp, http, host } = joining;
      const joined = { type: 'host-joined', id: newId(), epoch, version, rtmp, http, ...host } as const;
      const envelope = this.#envelope(epoch, upTo, [joined]);
      const messageId = newId();
      let outcome: AppendOutcome;
      do outcome = await log.append(subject, envelope, { expectedLast: guard, messageId });
      while (outcome.outcome === 'unknown' && !signal.aborted);
      if (outcome.outcome === 'appended') {
        this.#place = { sequence: outcome.sequence, messageId, epoch };
        this.#guard = outcome.sequence;
        this.#upTo = upTo;
        this.#mustRecover = joining.strange && tail !== null;
        return 'joined';
      }
      if (outcome.outcome === 'conflict' && judgeRefusedJoin(epoch, await this.tail()) === 'foreign') return 'taken';
    }
    return 'aborted';
  }

  /** Compares the log with what this epoch wrote: after a reconnect, after a conflict, when somebody else wrote. */
  async verify(): Promise<'same' | 'lost-tail' | 'foreign'> {
    const { guard, tail } = await this.#look();
    // Strays may stand behind our last message. Behind one whose outcome is open they are none of its append's guard, which
    // finds out that it is stored.
    if (tail?.messageId === this.#place.messageId) this.#guard = guard;
    return judgeTail(this.#place, this.#pending?.messageId ?? null, tail);
  }

  /**
   * One append at most. idle: nothing to say; unsettled: call again; conflict: verify, for the epoch may be over.
   */
  async ship(): Promise<'shipped' | 'idle' | 'unsettled' | 'conflict'> {
    this.#pending ??= await this.#nextPending();
    if (this.#pending === null) return 'idle';
    const { envelope, messageId, upTo, entries } = this.#pending;
    const { log, subject, outbox } = this.#deps;
    const outcome = await log.append(subject, envelope, { expectedLast: this.#guard, messageId });
    if (outcome.outcome === 'unknown') return 'unsettled';
    if (outcome.outcome === 'conflict') return 'conflict';
    this.#place = { ...this.#place, sequence: outcome.sequence, messageId };
    this.#guard = outcome.sequence;
    this.#upTo = upTo;
    this.#pending = null;
    await outbox.forget(new Set(entries.map((entry) => entry.id)));
    return 'shipped';
  }

  async #nextPending(): Promise<Pending | null> {
    const { outbox, newId } = this.#deps;
    const batch = nextBatch({
      read: await this.#read(),
      upTo: this.#upTo,
      own: outbox.facts,
      limits: { maxEntries: BATCH_ENTRIES, maxBytes: BATCH_BYTES },
      newId,
      sizeOf: jsonBytes,
    });
    if (batch === null) return null;
    const envelope = this.#envelope(this.#place.epoch, batch.upTo, batch.entries);
    return { ...batch, envelope, messageId: newId() };
  }

  /** What the pod has told since; null when it does not answer. */
  async #read(): Promise<HappeningsRead | null> {
    const answer = await this.#deps.pod.happenings(this.#upTo, PAGE_HAPPENINGS);
    if (isFailure(answer)) return null;
    if (!this.#mustRecover && !countsAnew(this.#upTo, answer)) return answer;
    const cursor = await this.#recover();
    if (cursor === null) return null;
    this.#deps.logger.warn({ upTo: this.#upTo, cursor }, 'the pod counts its happenings anew');
    this.#upTo = cursor;
    this.#mustRecover = false;
    const again = await this.#deps.pod.happenings(cursor, PAGE_HAPPENINGS);
    return isFailure(again) || countsAnew(cursor, again) ? null : again;
  }

  /** Where to go on with a pod that counts anew; null when the pod stopped answering. */
  async #recover(): Promise<number | null> {
    const { log, pod, subject } = this.#deps;
    const info = await log.info();
    const logged = new Set<string>();
    const after = Math.max(0, (info?.lastSequence ?? 0) - RECOVERY_MESSAGES);
    for await (const item of log.read({ after, subject })) {
      if (item.type !== 'stored') continue;
      for (const entry of item.envelope.entries) logged.add(entry.id);
    }
    let cursor = 0;
    for (let after = 0; ; ) {
      const page = await pod.happenings(after, PAGE_HAPPENINGS);
      if (isFailure(page)) return null;
      cursor = Math.max(cursor, recoveredCursor(page.happenings, logged));
      const last = page.happenings.at(-1);
      if (last === undefined || last.n <= after) return cursor;
      after = last.n;
    }
  }

  #envelope(epoch: number, upTo: number, entries: readonly Fact[]): FactEnvelope {
    const { host, now } = this.#deps;
    return {
      v: 1,
      kind: 'facts',
      farmId: this.#farmId,
      at: new Date(now()).toISOString(),
      host,
      epoch,
      upTo,
      entries: [...entries],
    };
  }
}
