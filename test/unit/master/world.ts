import { watchChanges } from '@dolphin/master/domain/change-watch.js';
import type { DecisionDraft } from '@dolphin/master/domain/decision-draft.js';
import { evolve } from '@dolphin/master/domain/evolve.js';
import { EMPTY_FARM, type FarmState } from '@dolphin/master/domain/farm-state.js';
import { isSettled } from '@dolphin/master/domain/farm-view.js';
import {
  adopted,
  commandSent,
  heard,
  leading,
  listened,
  NOTHING_OBSERVED,
  type Observed,
  type SentCommand,
} from '@dolphin/master/domain/observation.js';
import { generationOf, type PlannedCommand, sentKey } from '@dolphin/master/domain/planned-command.js';
import { type Plan, reconcile } from '@dolphin/master/domain/reconcile.js';
import type { Command, CommandReply, Decision, Fact, FarmSpec, LogEnvelope, OperatorEvent } from '@dolphin/protocol';
import { AT, FARM_ID, HostModel, specOf } from './host-model.js';

/** One log, one master, some hosts; time passes by rounds. */
export class World {
  state: FarmState = EMPTY_FARM;
  observed: Observed = NOTHING_OBSERVED;
  now = 1_000_000;
  readonly hosts = new Map<string, HostModel>();
  readonly sent: PlannedCommand[] = [];
  #ids = 0;

  constructor(hosts: readonly string[] = ['h1'], o: { adopted?: boolean } = {}) {
    this.operator({ type: 'farm-created', farm: 'main', farmId: FARM_ID, ...o, who: 'test' });
    for (const name of hosts) {
      this.hosts.set(name, new HostModel(name));
      this.join(name);
    }
  }

  host(name = 'h1'): HostModel {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`no host ${name}`);
    return host;
  }

  #append(envelope: LogEnvelope): number {
    const sequence = this.state.sequence + 1;
    this.state = evolve(this.state, { sequence, at: AT, envelope });
    return sequence;
  }

  operator(entry: DistributiveOmit<OperatorEvent, 'id'>): number {
    const entries = [{ ...entry, id: `o${++this.#ids}` } as OperatorEvent];
    return this.#append({ v: 1, kind: 'operator', farmId: FARM_ID, at: AT, master: 'm', entries });
  }

  fact(host: string, entry: DistributiveOmit<Fact, 'id'>): number {
    const entries = [{ ...entry, id: `f${++this.#ids}` } as Fact];
    const epoch = this.host(host).epoch;
    return this.#append({ v: 1, kind: 'facts', farmId: FARM_ID, at: AT, host, epoch, upTo: 0, entries });
  }

  decide(drafts: readonly DistributiveOmit<Decision, 'id'>[], term = this.state.leader?.term ?? 1): number {
    const entries = drafts.map((draft) => ({ ...draft, id: `d${++this.#ids}` }) as Decision);
    const basis = this.state.sequence;
    return this.#append({ v: 1, kind: 'decisions', farmId: FARM_ID, at: AT, master: 'm', term, basis, entries });
  }

  join(name: string): void {
    const { epoch, placement } = this.host(name);
    this.fact(name, { type: 'host-joined', epoch, version: '0', rtmp: [19350], http: [8088], ...placement });
  }

  /** Its worker is started again with another configuration. */
  reconfigure(name: string, placement: HostModel['placement']): void {
    const host = this.host(name);
    host.epoch++;
    host.placement = placement;
    this.join(name);
  }

  apply(edges: FarmSpec['edges'], more: Partial<FarmSpec> = {}): void {
    const specVersion = (this.state.spec?.version ?? 0) + 1;
    this.operator({ type: 'farm-applied', specVersion, spec: specOf(edges, more), who: 'test' });
  }

  /** A new leader: knows the log, and nothing that was seen. */
  elect(): void {
    const term = (this.state.leader?.term ?? 0) + 1;
    this.observed = NOTHING_OBSERVED;
    this.decide([{ type: 'leader-elected', term, master: 'm' }], term);
    this.observed = leading(this.observed, { master: 'm', term });
  }

  hear(name: string, heartbeat = this.host(name).heartbeat()): void {
    this.observed = heard(this.observed, heartbeat, this.now);
  }

  pass(ms: number): void {
    this.now += ms;
    this.observed = listened(this.observed, Object.keys(this.state.hosts), ms);
  }

  plan(): Plan {
    this.observed = watchChanges(this.state, this.observed, this.now);
    return reconcile(this.state, this.observed, this.now);
  }

  /** Carries a plan out as the leader does. `fate` of each command: delivered, lost on the way, or its answer lost. */
  carryOut(plan: Plan, fate: () => 'answered' | 'lost' | 'answer-lost' = () => 'answered'): void {
    for (const planned of plan.commands) {
      this.sent.push(planned);
      const fated = fate();
      const command: Command = {
        id: `c${++this.#ids}`,
        farmId: FARM_ID,
        host: planned.host,
        epoch: planned.epoch,
        term: planned.term,
        sequence: planned.sequence,
        body: planned.body,
      };
      const reply = fated === 'lost' ? null : this.host(planned.host).command(command);
      this.#answered(planned, fated === 'answered' ? reply : null);
    }
    if (plan.decisions.length > 0) this.decide(plan.decisions);
  }

  #answered(planned: PlannedCommand, reply: CommandReply | null): void {
    const outcome = reply === null ? 'unanswered' : reply.result;
    const note: SentCommand = {
      type: planned.body.type,
      term: planned.term,
      sequence: planned.sequence,
      generation: generationOf(planned.body),
      epoch: planned.epoch,
      at: this.now,
      outcome,
      code: reply?.result === 'refused' ? reply.code : null,
    };
    this.observed = commandSent(this.observed, planned.host, sentKey(planned.body), note);
    if (planned.body.type !== 'adopt' || reply?.result !== 'accepted') return;
    const answer = { term: planned.term, epoch: planned.epoch, state: reply.state ?? null };
    this.observed = adopted(this.observed, planned.host, answer, this.now);
  }

  /** A second of an undisturbed farm: heartbeats, then plans until one decides nothing. */
  second(): Plan & { readonly decided: Plan['decisions'] } {
    const decided: DecisionDraft[] = [];
    for (const host of this.hosts.values()) {
      host.tick();
      this.hear(host.name);
    }
    for (let round = 0; ; round++) {
      const plan = this.plan();
      if (plan.standDown) throw new Error(plan.standDown);
      if (round > 8) throw new Error(`does not come to rest: ${JSON.stringify(plan)}`);
      this.carryOut(plan);
      decided.push(...plan.decisions);
      if (plan.decisions.length > 0) continue;
      this.pass(1_000);
      return { ...plan, decided };
    }
  }

  /** Seconds until nothing is planned and nothing moves on any host, seen for longer than anything is waited for. */
  settle(mostSeconds: number): number {
    let still = 0;
    for (let second = 1; second <= mostSeconds + 4; second++) {
      const before = JSON.stringify([...this.hosts.values()].map((host) => [...host.edges]));
      const sequence = this.state.sequence;
      const plan = this.second();
      const after = JSON.stringify([...this.hosts.values()].map((host) => [...host.edges]));
      const isStill = before === after && sequence === this.state.sequence;
      const isQuiet = isStill && plan.commands.length === 0 && isSettled(this.state, this.observed);
      still = isQuiet ? still + 1 : 0;
      if (still > 4) return second - still + 1;
    }
    throw new Error(`not settled after ${mostSeconds} s: ${JSON.stringify(this.plan())}`);
  }

  get violations(): string[] {
    return [...this.hosts.values()].flatMap((host) => host.violations.map((text) => `${host.name} ${text}`));
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
