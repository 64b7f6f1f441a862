import { randomUUID } from 'node:crypto';
import type { Tenure } from '@dolphin/eventlog';
import { type Decision, type DecisionEnvelope, subjectsOf } from '@dolphin/protocol';
import type { Clock, Complaints, Logger } from '@dolphin/runtime';
import { watchChanges } from '../domain/change-watch.js';
import type { DecisionDraft } from '../domain/decision-draft.js';
import { highestReportedTerm, leading } from '../domain/observation.js';
import { reconcile } from '../domain/reconcile.js';
import { APPLY_DEADLINE_MS, BUSY_PAUSE_MS, MAX_BUSY_ROUNDS, MAX_DECISIONS, ROUND_GAP_MS, ROUND_MS } from './bounds.js';
import type { CommandSender } from './command-sender.js';
import type { FarmModel } from './farm-model.js';
import type { PortWatch } from './port-watch.js';
import type { Links } from './ports.js';
import { WakeUp } from './wake-up.js';

/** Before another try to lead: what failed must have time to pass. */
const PAUSE_MS = 500;
const READY_POLL_MS = 100;

/**
 * Leads while it may: gets the lease, is elected in the log, then carries out one plan after the other. Whatever goes
 * wrong ends the term; the next one begins from the log.
 */
export class LeaderLoop {
  readonly #model: FarmModel;
  readonly #links: Links;
  readonly #sender: CommandSender;
  readonly #ports: PortWatch;
  readonly #complaints: Complaints;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #wakeUp = new WakeUp();
  /** Message ids are this process's own: what another master appended must never pass as ours. */
  readonly #instance = randomUUID();
  #appends = 0;
  #tenure: Tenure | null = null;

  constructor(o: {
    model: FarmModel;
    links: Links;
    sender: CommandSender;
    ports: PortWatch;
    complaints: Complaints;
    logger: Logger;
    clock: Clock;
  }) {
    this.#model = o.model;
    this.#links = o.links;
    this.#sender = o.sender;
    this.#ports = o.ports;
    this.#complaints = o.complaints;
    this.#logger = o.logger;
    this.#clock = o.clock;
  }

  /** This master leads at this instant. */
  holds(): boolean {
    return this.#model.observed.leading !== null && (this.#tenure?.holds() ?? false);
  }

  /** Until `signal` aborts; then the lease is given back. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const off = this.#model.onChange(() => this.#wakeUp.ring());
    try {
      while (!signal.aborted) {
        await this.#once(signal);
        await this.#clock.sleep(PAUSE_MS * (0.5 + Math.random()), signal);
      }
    } finally {
      off();
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    try {
      await this.#untilReady(signal);
      this.#model.setRole('candidate');
      const follow = () => this.#model.setRole('follower');
      const tenure = signal.aborted ? null : await this.#links.leases.acquire(signal, follow);
      if (tenure) await this.#lead(tenure, signal);
    } catch (error) {
      this.#logger.warn({ err: error }, 'cannot lead now');
    }
    if (!signal.aborted) this.#model.setRole('follower');
  }

  /** A farm that is known, in a log that is this farm's. */
  async #untilReady(signal: AbortSignal): Promise<void> {
    const isReady = () => this.#model.connected && this.#model.state.farm !== null && this.#model.problem === null;
    while (!signal.aborted && !isReady()) await this.#clock.sleep(READY_POLL_MS, signal);
  }

  async #lead(tenure: Tenure, signal: AbortSignal): Promise<void> {
    this.#tenure = tenure;
    let why = 'the master stops';
    try {
      const term = await this.#beElected(tenure);
      if (term === null) return;
      this.#model.observe((observed) => leading(observed, { master: this.#model.masterId, term }));
      this.#model.setRole('leader');
      this.#logger.info({ term }, 'leads');
      why = await this.#rounds(term, tenure, signal);
    } finally {
      if (this.#model.observed.leading) this.#logger.warn({ why }, 'leads no more');
      this.#model.observe((observed) => leading(observed, null));
      this.#tenure = null;
      await tenure.release();
    }
  }

  /** Appends `leader-elected` behind the last decision that this fold applied. null: not elected. */
  async #beElected(tenure: Tenure): Promise<number | null> {
    const info = await this.#links.log.info();
    const caughtUp = info !== null && (await this.#model.projection.whenApplied(info.lastSequence, APPLY_DEADLINE_MS));
    if (!caughtUp || this.#model.problem || !tenure.holds()) return null;
    const { state, observed } = this.#model;
    const term = Math.max(state.leader?.term ?? 0, highestReportedTerm(observed)) + 1;
    const why = await this.#append(term, [{ type: 'leader-elected', term, master: this.#model.masterId }]);
    if (why) this.#logger.warn({ term, why }, 'not elected');
    return why ? null : term;
  }

  /** Gives the reason why it ended. */
  async #rounds(term: number, tenure: Tenure, signal: AbortSignal): Promise<string> {
    const { history } = this.#model;
    let busyRounds = 0;
    while (!signal.aborted) {
      if (!tenure.holds()) return 'the lease is over';
      if (this.#model.history !== history) return 'the log was replaced';
      if (this.#model.problem) return this.#model.problem.message;
      this.#ports.look();
      this.#model.observe((observed, now) => watchChanges(this.#model.state, observed, now));
      const plan = reconcile(this.#model.state, this.#model.observed, this.#clock.monotonic());
      if (plan.standDown) return plan.standDown;
      if (plan.isUs) this.#complaints.about('most hosts are silent at once: it is us, nothing is decided');
      for (const command of plan.commands) {
        if (tenure.holds()) this.#sender.send(command, () => this.#wakeUp.ring());
      }
      if (plan.decisions.length > 0) {
        const why = await this.#append(term, plan.decisions.slice(0, MAX_DECISIONS));
        if (why) return why;
        // The commands that follow from them are in the next plan.
        if (++busyRounds < MAX_BUSY_ROUNDS) continue;
        this.#complaints.about('one decision follows another without an end', { term, type: plan.decisions[0]?.type });
        await this.#clock.sleep(BUSY_PAUSE_MS, signal);
      }
      busyRounds = 0;
      await this.#wakeUp.wait(ROUND_MS, signal);
      // What rings comes in bursts.
      await this.#clock.sleep(ROUND_GAP_MS, signal);
    }
    return 'the master stops';
  }

  /** One envelope, and the wait until the fold applied it. Gives the reason why the term ends, or null. */
  async #append(term: number, drafts: readonly DecisionDraft[]): Promise<string | null> {
    const { farm, decisionsSequence, sequence } = this.#model.state;
    if (!farm) return 'there is no farm';
    const messageId = `${this.#instance}-${++this.#appends}`;
    const entries = drafts.map((draft, index): Decision => ({ ...draft, id: `${messageId}.${index}` }));
    const envelope: DecisionEnvelope = {
      v: 1,
      kind: 'decisions',
      farmId: farm.farmId,
      at: new Date(this.#clock.now()).toISOString(),
      master: this.#model.masterId,
      term,
      basis: sequence,
      entries,
    };
    const subject = subjectsOf(this.#model.farm).logDecisions;
    const result = await this.#links.log.append(subject, envelope, { expectedLast: decisionsSequence, messageId });
    switch (result.outcome) {
      case 'appended': {
        const isApplied = await this.#model.projection.whenApplied(result.sequence, APPLY_DEADLINE_MS);
        return isApplied ? null : `entry ${result.sequence} was not folded within ${APPLY_DEADLINE_MS} ms`;
      }
      case 'conflict':
        return `another master decided: the decisions end at ${result.lastSequence}, not at ${decisionsSequence}`;
      case 'unknown':
        return `it is not known whether decisions were stored: ${result.why}`;
      default:
        return result satisfies never;
    }
  }
}
