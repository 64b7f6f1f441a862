import { randomUUID } from 'node:crypto';
import type { AppendOutcome } from '@dolphin/eventlog';
import { DolphinError, type OperatorEnvelope, type OperatorEvent, subjectsOf } from '@dolphin/protocol';
import type { Clock } from '@dolphin/runtime';
import type { FarmState } from '../domain/farm-state.js';
import { API_DEADLINE_MS, MAX_APPLY_TRIES } from './bounds.js';
import { withDeadline } from './deadline.js';
import { type FarmModel, ProblemError } from './farm-model.js';
import type { LogWatch } from './log-watch.js';
import type { Links } from './ports.js';

/** Before deciding again: whoever wrote at the same time may do so again. */
const JITTER_MS = 50;

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type OperatorDraft = WithoutId<OperatorEvent>;

/** What a call is to become: an entry to append, or an answer because it is so already. */
export type OperatorVerdict<Answer> =
  | { readonly append: OperatorDraft; readonly answer: (sequence: number) => Answer }
  | { readonly already: Answer };

/** Appends to `log.operator` for API calls, one at a time, by whichever master was asked. */
export class OperatorAppender {
  readonly #model: FarmModel;
  readonly #clock: Clock;
  #links: Links | null = null;
  #watch: LogWatch | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(model: FarmModel, clock: Clock) {
    this.#model = model;
    this.#clock = clock;
  }

  /** After the first connection to the bus. */
  connect(links: Links, watch: LogWatch): void {
    this.#links = links;
    this.#watch = watch;
  }

  /**
   * Decides on the newest state and appends; when another was first, reads that and decides again. `decide` throws the
   * DolphinError for which the call is refused. Throws E_NO_FARM, E_LOG_CONFLICT, E_LOG_UNCERTAIN, E_BUS_UNAVAILABLE, …
   */
  decideAndAppend<Answer>(decide: (state: FarmState) => OperatorVerdict<Answer>): Promise<Answer> {
    return this.inTurn(API_DEADLINE_MS, async (links) => {
      const { logOperator } = subjectsOf(this.#model.farm);
      let newest = (await links.log.tailOn(logOperator)).guard;
      for (let attempt = 1; attempt <= MAX_APPLY_TRIES; attempt++) {
        if (!(await this.#model.projection.whenApplied(newest, API_DEADLINE_MS))) break;
        this.refuseProblem();
        const { state } = this.#model;
        if (!state.farm) throw new DolphinError('E_NO_FARM');
        const verdict = decide(state);
        if ('already' in verdict) return verdict.already;
        const result = await this.append(links, state.farm.farmId, verdict.append, state.operatorSequence);
        if (result.outcome === 'conflict') {
          newest = result.lastSequence;
          await this.#clock.sleep(JITTER_MS * Math.random());
          continue;
        }
        const sequence = sequenceOf(result);
        // So that what the caller reads next from this master has it.
        await this.#model.projection.whenApplied(sequence, API_DEADLINE_MS);
        return verdict.answer(sequence);
      }
      throw new DolphinError('E_LOG_CONFLICT', { subject: logOperator });
    });
  }

  append(links: Links, farmId: string, draft: OperatorDraft, expectedLast: number): Promise<AppendOutcome> {
    const entry: OperatorEvent = { ...draft, id: randomUUID() };
    const envelope: OperatorEnvelope = {
      v: 1,
      kind: 'operator',
      farmId,
      at: new Date(this.#clock.now()).toISOString(),
      master: this.#model.masterId,
      entries: [entry],
    };
    const { logOperator } = subjectsOf(this.#model.farm);
    return links.log.append(logOperator, envelope, { expectedLast, messageId: entry.id });
  }

  /** Throws what keeps this master from changing anything. */
  refuseProblem(): void {
    const { problem } = this.#model;
    if (problem) throw new ProblemError(problem);
  }

  /** The call before may still wait for a bus that hangs: then this one is answered in time, and does nothing. */
  async inTurn<T>(deadlineMs: number, call: (links: Links, watch: LogWatch) => Promise<T>): Promise<T> {
    const late = () => new DolphinError('E_BUS_UNAVAILABLE', { why: `no answer within ${deadlineMs} ms` });
    const links = this.#links;
    const watch = this.#watch;
    if (!links || !watch || !this.#model.connected)
      throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'not connected' });
    const end = this.#clock.monotonic() + deadlineMs;
    const before = this.#turn;
    let isOver = false;
    const mine = (async () => {
      await before.catch(() => undefined);
      if (isOver) throw late();
      return call(links, watch);
    })();
    this.#turn = mine;
    try {
      return await withDeadline(mine, end - this.#clock.monotonic(), late);
    } finally {
      isOver = true;
    }
  }
}

/** Where it stands in the log. Throws E_LOG_UNCERTAIN. */
export function sequenceOf(result: Exclude<AppendOutcome, { outcome: 'conflict' }>): number {
  if (result.outcome === 'appended') return result.sequence;
  throw new DolphinError('E_LOG_UNCERTAIN', { why: result.why });
}
