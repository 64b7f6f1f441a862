import { type Checkpoint, type LogItem, Projection } from '@dolphin/eventlog';
import { DolphinError, type ErrorCode, type FarmView, hostOfSubject, subjectsOf } from '@dolphin/protocol';
import type { Logger } from '@dolphin/runtime';
import { evolve, evolveUnreadable } from '../domain/evolve.js';
import { EMPTY_FARM, type FarmState } from '../domain/farm-state.js';
import { farmView } from '../domain/farm-view.js';
import { NOTHING_OBSERVED, type Observed, onlyHosts } from '../domain/observation.js';

export type MasterState = FarmView['master']['state'];

/** Why this master shows, but must not lead: its log is not the one that it knows. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A problem as the answer to a call, with its own words. */
export class ProblemError extends DolphinError {
  constructor({ code, message }: Problem) {
    super(code);
    this.message = message;
  }
}

/** The one owner of what this master knows: the fold of the log, and what it saw. Others read, or send it changes. */
export class FarmModel {
  readonly farm: string;
  readonly masterId: string;
  readonly projection = new Projection();
  readonly #subjects: ReturnType<typeof subjectsOf>;
  readonly #logger: Logger;
  readonly #clock: { now(): number; monotonic(): number };
  readonly #foldListeners = new Set<() => void>();
  readonly #changeListeners = new Set<() => void>();
  #state: FarmState = EMPTY_FARM;
  #checkpoint: Checkpoint | null = null;
  #history = 1;
  #observed: Observed = NOTHING_OBSERVED;
  #connected = false;
  #role: MasterState = 'starting';
  #problem: Problem | null = null;

  constructor(o: {
    farm: string;
    masterId: string;
    logger: Logger;
    clock: { now(): number; monotonic(): number };
  }) {
    this.farm = o.farm;
    this.#subjects = subjectsOf(o.farm);
    this.masterId = o.masterId;
    this.#logger = o.logger;
    this.#clock = o.clock;
  }

  get state(): FarmState {
    return this.#state;
  }
  /** Changes when the log turned out to be another: what rested on the old one is over. */
  get history(): number {
    return this.#history;
  }
  get checkpoint(): Checkpoint | null {
    return this.#checkpoint;
  }
  get observed(): Observed {
    return this.#observed;
  }
  get connected(): boolean {
    return this.#connected;
  }
  get problem(): Problem | null {
    if (this.#problem) return this.#problem;
    const { unreadable } = this.#state;
    return (
      unreadable && { code: 'E_LOG_UNREADABLE', message: new DolphinError('E_LOG_UNREADABLE', unreadable).message }
    );
  }
  get role(): MasterState {
    return this.problem ? 'read-only' : this.#role;
  }

  /** From a snapshot, before anything is folded. */
  restore(state: FarmState, checkpoint: Checkpoint): void {
    this.#state = state;
    this.#checkpoint = checkpoint;
  }

  fold(item: LogItem, checkpoint: Checkpoint): void {
    if (item.type === 'stored') this.#foldStored(item);
    else this.#foldUnreadable(item.sequence, item.subject, item.why);
    this.#checkpoint = checkpoint;
    for (const listener of this.#foldListeners) listener();
    this.#changed();
  }

  #foldStored(item: Extract<LogItem, { type: 'stored' }>): void {
    const { subject, envelope, sequence } = item;
    // A writer may write what its subject is for, and nothing else: that is what the bus's permissions rest on.
    const subjects = this.#subjects;
    const isItsPlace =
      (envelope.kind === 'operator' && subject === subjects.logOperator) ||
      (envelope.kind === 'decisions' && subject === subjects.logDecisions) ||
      (envelope.kind === 'facts' && hostOfSubject(subject) === envelope.host);
    if (isItsPlace) this.#evolve(item);
    else this.#foldUnreadable(sequence, subject, `an envelope of ${envelope.kind} does not belong on ${subject}`);
  }

  #evolve(item: Extract<LogItem, { type: 'stored' }>): void {
    const { hosts } = this.#state;
    this.#state = evolve(this.#state, item);
    // Only operators remove hosts. What was heard of one is no longer of a host of this farm: it goes at once.
    if (item.envelope.kind !== 'operator') return;
    const removed = Object.keys(hosts).filter((name) => !Object.hasOwn(this.#state.hosts, name));
    if (removed.length > 0) this.#observed = onlyHosts(this.#observed, (name) => !removed.includes(name));
  }

  #foldUnreadable(sequence: number, subject: string, why: string): void {
    const subjects = this.#subjects;
    const on =
      subject === subjects.logOperator ? 'operator' : subject === subjects.logDecisions ? 'decisions' : 'other';
    if (!this.#state.unreadable) {
      this.#logger.error(
        { sequence, subject, why },
        'a log entry cannot be decoded: this master shows, but leads no more',
      );
    }
    this.#state = evolveUnreadable(this.#state, { sequence, why, on });
  }

  /** The log turned out to be another: everything is folded again. */
  rewind(why: string): void {
    this.#logger.warn({ why, sequence: this.#state.sequence }, 'the log was replaced, it is read again from the start');
    this.#state = EMPTY_FARM;
    this.#checkpoint = null;
    this.#history++;
    this.#changed();
  }

  observe(change: (observed: Observed, now: number) => Observed): void {
    const before = this.#observed;
    this.#observed = change(before, this.#clock.monotonic());
    if (this.#observed !== before) this.#changed();
  }

  setConnected(connected: boolean): void {
    this.#connected = connected;
    this.#changed();
  }

  setRole(role: MasterState): void {
    if (role === this.#role) return;
    this.#role = role;
    this.#logger.info({ role }, 'master state');
    this.#changed();
  }

  setProblem(problem: Problem | null): void {
    if (problem?.message === this.#problem?.message) return;
    if (problem) this.#logger.error({ code: problem.code, why: problem.message }, 'this master does not lead');
    else this.#logger.info('what kept this master from leading is over');
    this.#problem = problem;
    this.#changed();
  }

  view(): FarmView {
    return farmView(this.#state, this.#observed, {
      farm: this.farm,
      at: new Date(this.#clock.now()).toISOString(),
      now: this.#clock.monotonic(),
      connected: this.#connected,
      master: { id: this.masterId, state: this.role, ...(this.problem && { problem: this.problem }) },
    });
  }

  /** After each entry that was folded. */
  onFold(listener: () => void): () => void {
    this.#foldListeners.add(listener);
    return () => this.#foldListeners.delete(listener);
  }

  /** After anything changed. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#changeListeners) listener();
  }
}
