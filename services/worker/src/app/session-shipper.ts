import type { SessionHistory } from '@dolphin/eventlog';
import { DolphinError, type EndedSession, MAX_SESSION_BATCH_BYTES, type SessionBatch } from '@dolphin/protocol';
import { backoffMs, type Clock, type Complaints, type Logger } from '@dolphin/runtime';
import type { Addressee } from '../domain/command-admission.js';
import {
  countsAnew,
  cursorAfter,
  type EndedRead,
  lastInCommon,
  NOTHING_SHIPPED,
  nextSessions,
  readAfter,
  type SessionCursor,
} from '../domain/session-shipping.js';
import { PAGE_SESSIONS, RETRY, SESSION_RECOVERY_BATCHES, SESSIONS_GAP_MS, SESSIONS_POLL_MS } from './bounds.js';
import { type Bus, isFailure, type PodControl } from './ports.js';

export interface SessionShipperDeps {
  readonly bus: Pick<Bus, 'connected' | 'drops'>;
  readonly history: SessionHistory;
  readonly pod: Pick<PodControl, 'endedSessions'>;
  /** Null: not joined. */
  readonly me: () => Addressee | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly complaints: Complaints;
  readonly newId: () => string;
  readonly random: () => number;
}

interface Place {
  /** What the next append expects: the last message on the host's subject; 0: there is none, or no longer. */
  readonly sequence: number;
  readonly cursor: SessionCursor;
  /** To be said with the next batch. */
  readonly countsAnew: boolean;
}

/** What is around the sessions in a batch: ids, numbers, commas. */
const ENVELOPE_BYTES = 1024;
const LIMITS = {
  maxBytes: MAX_SESSION_BATCH_BYTES - ENVELOPE_BYTES,
  sizeOf: (session: EndedSession) => new TextEncoder().encode(JSON.stringify(session)).length + 1,
};

/**
 * Ships the pod's ended sessions off the host, each once and in order. The stream itself is the memory: the host's last
 * message says how far it reaches, and every append is guarded by it. So after whatever went wrong there is one thing to do:
 * look at that message, and go on from there. One append at a time; what is not shipped waits in the pod's file.
 */
export class SessionShipper {
  readonly #deps: SessionShipperDeps;
  /** Null: to be looked up. */
  #place: Place | null = null;
  /** The last place that was known, and its cursor. */
  #sequence = 0;
  #cursor = NOTHING_SHIPPED;
  #drops = 0;

  constructor(deps: SessionShipperDeps) {
    this.#deps = deps;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { bus, clock, complaints, me, random } = this.#deps;
    for (let failures = 0; !signal.aborted; ) {
      let pauseMs = SESSIONS_POLL_MS;
      const is = me();
      if (bus.connected && is !== null) {
        try {
          if ((await this.ship(is)) === 'more') pauseMs = SESSIONS_GAP_MS;
          failures = 0;
        } catch (error) {
          const [what, why] =
            error instanceof DolphinError ? [error.code, error.message] : ['E_INTERNAL', String(error)];
          complaints.about(`ended sessions wait in the pod's file: ${what}`, { why });
          pauseMs = SESSIONS_GAP_MS + backoffMs(++failures, RETRY, random);
        }
      }
      await clock.sleep(pauseMs, signal);
    }
  }

  /** One append at most. `more`: call again soon. Throws DolphinError when the stream does not answer. */
  async ship(is: Addressee): Promise<'more' | 'all'> {
    const { bus, history, newId } = this.#deps;
    if (bus.drops !== this.#drops) this.#place = null;
    this.#drops = bus.drops;
    const place = this.#place ?? (await this.#lookUp(is.host));
    this.#place = place;
    const { cursor } = place;
    const read = await this.#read(readAfter(cursor));
    if (read === null) return 'all';
    if (countsAnew(cursor, read)) {
      this.#place = await this.#recover(is.host, place);
      return this.#place === null || read.newest === 0 ? 'all' : 'more';
    }
    const next = nextSessions(cursor, read, PAGE_SESSIONS, LIMITS);
    if (next === null) return 'all';
    const { farmId, host } = is;
    const batch: SessionBatch = {
      ...{ v: 1, farmId, host, after: next.after, upTo: next.upTo, countsAnew: place.countsAnew },
      sessions: [...next.sessions],
    };
    // Whatever comes of it but success: the stream knows.
    this.#place = null;
    const outcome = await history.append(batch, { expectedLast: place.sequence, messageId: newId() });
    if (outcome.outcome !== 'appended') return 'more';
    this.#place = this.#reached(outcome.sequence, cursorAfter(next));
    this.#sayLost(batch);
    return next.upTo < read.newest ? 'more' : 'all';
  }

  async #lookUp(host: string): Promise<Place> {
    const { history } = this.#deps;
    const tail = await history.tail(host);
    if (tail.end !== null) return this.#reached(tail.guard, tail.end);
    // Dropped for its age, or to make room: then it was shipped. Lost with the end of the stream: then it was not.
    const isLost = this.#sequence > (await history.lastSequence());
    return this.#reached(tail.guard, isLost ? NOTHING_SHIPPED : this.#cursor);
  }

  #reached(sequence: number, cursor: SessionCursor): Place {
    this.#cursor = cursor;
    this.#sequence = sequence;
    return { sequence, cursor, countsAnew: false };
  }

  /** Null: the pod does not answer now. */
  async #read(after: number): Promise<EndedRead | null> {
    const read = await this.#deps.pod.endedSessions(after, PAGE_SESSIONS);
    if (!isFailure(read)) return read;
    if (read.failed !== 'down') {
      this.#deps.complaints.about(`the pod does not tell how sessions ended: ${read.failed}`, { why: read.why });
    }
    return null;
  }

  /** A power cut takes the end of the pod's file, an operator all of it: what both still have is not shipped again. */
  async #recover(host: string, { sequence, cursor }: Place): Promise<Place | null> {
    const { history, logger } = this.#deps;
    let seen = 0;
    for await (const { batch } of history.readBack({ host })) {
      if (seen++ >= SESSION_RECOVERY_BATCHES) break;
      const first = batch?.sessions[0];
      if (batch === null || first === undefined) continue;
      const held = await this.#read(first.n - 1);
      if (held === null) return null;
      const common = lastInCommon(batch.sessions, held.sessions);
      if (common === null) continue;
      logger.warn({ upTo: cursor.upTo, common: common.upTo }, 'the pod lost the end of its ended sessions');
      return { sequence, cursor: common, countsAnew: true };
    }
    logger.warn({ upTo: cursor.upTo }, 'the pod lost its ended sessions, and counts anew');
    return { sequence, cursor: NOTHING_SHIPPED, countsAnew: true };
  }

  #sayLost({ after, upTo, sessions }: SessionBatch): void {
    const lost = upTo - after - sessions.length;
    if (lost > 0)
      this.#deps.logger.warn({ after, upTo, lost }, 'ended sessions were lost before they could be shipped');
  }
}
