import { randomUUID } from 'node:crypto';
import type { AppendOutcome } from '@dolphin/eventlog';
import {
  type ApplyAnswer,
  type ApplyRequest,
  DolphinError,
  type InitAnswer,
  type InitRequest,
  type OperatorEnvelope,
  type OperatorEvent,
  subjectsOf,
} from '@dolphin/protocol';
import type { Clock } from '@dolphin/runtime';
import { checkSpec } from '../domain/apply-rules.js';
import { sameJson } from '../domain/same-json.js';
import { API_DEADLINE_MS, INIT_DEADLINE_MS, MAX_APPLY_TRIES } from './bounds.js';
import { withDeadline } from './deadline.js';
import { type FarmModel, ProblemError } from './farm-model.js';
import type { LogWatch } from './log-watch.js';
import type { Links } from './ports.js';

/** Before deciding again: whoever wrote at the same time may do so again. */
const JITTER_MS = 50;

/** What operators ask for, appended to `log.operator` by whichever master was asked. One call at a time. */
export class OperatorCalls {
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

  /** Writes farm-created into a new log. Throws E_FARM_EXISTS, E_LOG_LOST, E_BUS_UNAVAILABLE, … */
  init(request: InitRequest): Promise<InitAnswer> {
    return this.#inTurn(INIT_DEADLINE_MS, async (links, watch) => {
      if (watch.known && !this.#model.state.farm) await watch.look();
      this.#refuseProblem();
      const existing = this.#model.state.farm ?? watch.known;
      if (existing) throw new DolphinError('E_FARM_EXISTS', existing);
      await links.createLog();
      const { farm } = this.#model;
      const farmId = randomUUID();
      const created: OperatorEvent = { type: 'farm-created', id: randomUUID(), farm, farmId, who: request.who };
      const result = await this.#append(links, farmId, created, 0);
      if (result.outcome === 'conflict') {
        // Somebody was first, a moment ago or before this master had read it.
        await this.#model.projection.whenApplied(result.lastSequence, API_DEADLINE_MS);
        throw new DolphinError('E_FARM_EXISTS', this.#model.state.farm ?? { farm, farmId: 'not read yet' });
      }
      const sequence = sequenceOf(result);
      await watch.remember({ farm, farmId });
      await this.#model.projection.whenApplied(sequence, API_DEADLINE_MS);
      return { farm, farmId };
    });
  }

  /** `ifMatch`: the spec version that the caller saw last; null: whichever. */
  apply(request: ApplyRequest, ifMatch: number | null): Promise<ApplyAnswer> {
    return this.#inTurn(API_DEADLINE_MS, async (links) => {
      const { logOperator } = subjectsOf(this.#model.farm);
      let newest = (await links.log.lastOn(logOperator))?.sequence ?? 0;
      for (let attempt = 1; attempt <= MAX_APPLY_TRIES; attempt++) {
        if (!(await this.#model.projection.whenApplied(newest, API_DEADLINE_MS))) break;
        this.#refuseProblem();
        const { state } = this.#model;
        if (!state.farm) throw new DolphinError('E_NO_FARM');
        const actual = state.spec?.version ?? 0;
        if (ifMatch !== null && ifMatch !== actual)
          throw new DolphinError('E_SPEC_CHANGED', { actual, expected: ifMatch });
        if (state.spec && sameJson(state.spec.spec, request.spec)) {
          return { changed: false, specVersion: actual, sequence: state.spec.applied.sequence };
        }
        checkSpec(state, request.spec);
        const { spec, who, why } = request;
        const specVersion = actual + 1;
        const applied: OperatorEvent = {
          type: 'farm-applied',
          id: randomUUID(),
          specVersion,
          spec,
          who,
          ...(why !== undefined && { why }),
        };
        const result = await this.#append(links, state.farm.farmId, applied, state.operatorSequence);
        if (result.outcome === 'conflict') {
          newest = result.lastSequence;
          await this.#clock.sleep(JITTER_MS * Math.random());
          continue;
        }
        const sequence = sequenceOf(result);
        // So that what the caller reads next from this master has it.
        await this.#model.projection.whenApplied(sequence, API_DEADLINE_MS);
        return { changed: true, specVersion, sequence };
      }
      throw new DolphinError('E_LOG_CONFLICT', { subject: logOperator });
    });
  }

  #append(links: Links, farmId: string, entry: OperatorEvent, expectedLast: number): Promise<AppendOutcome> {
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

  #refuseProblem(): void {
    const { problem } = this.#model;
    if (problem) throw new ProblemError(problem);
  }

  /** The call before may still wait for a bus that hangs: then this one is answered in time, and does nothing. */
  async #inTurn<T>(deadlineMs: number, call: (links: Links, watch: LogWatch) => Promise<T>): Promise<T> {
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

function sequenceOf(result: Exclude<AppendOutcome, { outcome: 'conflict' }>): number {
  if (result.outcome === 'appended') return result.sequence;
  throw new DolphinError('E_LOG_UNCERTAIN', { why: result.why });
}
