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
import { acceptCommand } from '@dolphin/pod/domain/accept-command.js';
import { type HostFile, newHostFile } from '@dolphin/pod/domain/host-file.js';
import {
  type Command,
  type CommandReply,
  type Decision,
  type EdgeDefinition,
  type EdgeStatus,
  edgeName,
  edgePorts,
  type Fact,
  FarmSpec,
  type Heartbeat,
  type LogEnvelope,
  type OperatorEvent,
  type PodState,
} from '@dolphin/protocol';

export const FARM_ID = '11111111-1111-4111-8111-111111111111';
const AT = '2026-01-01T00:00:00.000Z';

export function specOf(edges: FarmSpec['edges'], more: Partial<FarmSpec> = {}): FarmSpec {
  return FarmSpec.parse({ edges, origins: ['127.0.0.1:1935'], ...more });
}

interface ModelEdge {
  definition: EdgeDefinition;
  state: EdgeStatus['state'];
  /** As the real pod has it: a newer definition waits for the old process to be gone. */
  next?: EdgeDefinition;
}

/** A host as a value machine: a pod that obeys by the real pod's rules, and edges that take a step per tick. */
export class HostModel {
  readonly name: string;
  readonly farmId: string;
  readonly rtmp: number;
  epoch = 1;
  file: HostFile;
  readonly edges = new Map<string, ModelEdge>();
  /** What must never happen, as it happened. */
  readonly violations: string[] = [];
  readonly foreign = new Set<string>();

  constructor(name: string, o: { farmId?: string; rtmp?: number } = {}) {
    this.name = name;
    this.farmId = o.farmId ?? FARM_ID;
    this.rtmp = o.rtmp ?? 19350;
    this.file = newHostFile(name);
  }

  /** An edge that no log knows. */
  addForeign(role: 'stream' | 'back-source', slot: number, generation: number): void {
    const key = { role, slot };
    const ports = edgePorts(specOf({ perHost: 0 }).ports, key);
    const definition = { ...key, generation, engine: 'builtin', ports, origins: ['127.0.0.1:1935'] };
    this.edges.set(edgeName(key), { definition, state: 'ready' });
    this.foreign.add(edgeName(key));
    const record = { ...key, generation, term: 0, sequence: 0, wanted: definition };
    this.file = { ...this.file, slots: [...this.file.slots, record] };
  }

  command(command: Command): CommandReply {
    if (command.epoch !== 0 && command.epoch !== this.epoch) return refuse('E_EPOCH_STALE');
    const verdict = acceptCommand(this.file, command, new Set(['builtin']));
    if (verdict.result === 'refused') return refuse(verdict.code, verdict.details);
    this.file = verdict.file;
    const { body } = command;
    if (body.type === 'spawn' && !verdict.already) this.#start(body.edge);
    if (body.type === 'kill') this.#end(edgeName(body));
    return { result: 'accepted', already: verdict.already, ...(body.type === 'adopt' && { state: this.podState() }) };
  }

  #start(definition: EdgeDefinition): void {
    const name = edgeName(definition);
    const before = this.edges.get(name);
    if (this.foreign.has(name)) this.violations.push(`${name}: an edge that the log does not know was replaced`);
    if (before && before.state !== 'gave-up' && before.state !== 'exited') {
      this.violations.push(`${name}: generation ${definition.generation} while ${before.definition.generation} lives`);
    }
    if (before && before.state !== 'gave-up' && before.state !== 'exited') {
      this.edges.set(name, { ...before, state: 'draining', next: definition });
    } else this.edges.set(name, { definition, state: 'starting' });
  }

  #end(name: string): void {
    if (this.foreign.has(name)) this.violations.push(`${name}: an edge that the log does not know was killed`);
    const edge = this.edges.get(name);
    if (!edge) return;
    delete edge.next;
    if (edge.state !== 'stopping') edge.state = 'draining';
  }

  tick(): void {
    for (const [name, edge] of [...this.edges]) {
      if (edge.state === 'starting') edge.state = 'ready';
      else if (edge.state === 'draining') edge.state = 'stopping';
      else if (edge.state !== 'stopping') continue;
      else if (edge.next) this.edges.set(name, { definition: edge.next, state: 'starting' });
      else this.edges.delete(name);
    }
  }

  /** The pod dies and comes back: with what its file says. */
  restartPod(): void {
    this.edges.clear();
    for (const record of this.file.slots) {
      if (record.wanted) this.edges.set(edgeName(record), { definition: record.wanted, state: 'starting' });
    }
  }

  /** The same without its file: it has forgotten its edges, its farm and the term that it agreed to. */
  losePod(): void {
    this.file = newHostFile(this.name);
    this.foreign.clear();
    this.restartPod();
  }

  giveUp(name: string): void {
    const edge = this.edges.get(name);
    if (edge && !this.foreign.has(name)) edge.state = 'gave-up';
  }

  podState(): PodState {
    const edges = [...this.edges.values()].map(({ definition, state }): EdgeStatus => {
      const record = this.file.slots.find((one) => one.role === definition.role && one.slot === definition.slot);
      return {
        ...definition,
        state,
        pid: 1000 + definition.slot,
        term: record?.term ?? 0,
        sequence: record?.sequence ?? 0,
        transport: 'hand-off',
        clients: 0,
        kbitPerS: 0,
        sentBytes: 0,
        cpuPercent: 0,
        rssBytes: 0,
        restarts: 0,
        uptimeMs: 0,
      };
    });
    return {
      pid: 999,
      version: '0',
      host: this.name,
      farmId: this.farmId,
      term: this.file.term,
      rtmp: [this.rtmp],
      http: [8088],
      address: '127.0.0.1',
      lastHappening: 0,
      uptimeMs: 0,
      clients: 0,
      refused: {},
      reading: 0,
      sessionsLost: 0,
      edges,
      warnings: [],
      advice: [],
    };
  }

  heartbeat(): Heartbeat {
    const { name: host, epoch, farmId } = this;
    return { farmId, host, epoch, at: AT, address: '127.0.0.1', upTo: 0, pod: this.podState() };
  }

  live(role: 'stream' | 'back-source'): string[] {
    return [...this.edges].filter(([, edge]) => edge.definition.role === role).map(([name]) => name);
  }
}

function refuse(code: string, details: Record<string, unknown> = {}): CommandReply {
  return { result: 'refused', code, message: JSON.stringify(details) };
}

/** One log, one master, some hosts; time passes by rounds. */
export class World {
  state: FarmState = EMPTY_FARM;
  observed: Observed = NOTHING_OBSERVED;
  now = 1_000_000;
  readonly hosts = new Map<string, HostModel>();
  readonly sent: PlannedCommand[] = [];
  #ids = 0;

  constructor(hosts: readonly string[] = ['h1']) {
    this.operator({ type: 'farm-created', farm: 'main', farmId: FARM_ID, who: 'test' });
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
    this.state = evolve(this.state, { sequence, envelope });
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
    const { epoch } = this.host(name);
    this.fact(name, { type: 'host-joined', epoch, version: '0', rtmp: [19350], http: [8088] });
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
  second(): Plan {
    for (const host of this.hosts.values()) {
      host.tick();
      this.hear(host.name);
    }
    for (let round = 0; ; round++) {
      const plan = this.plan();
      if (plan.standDown) throw new Error(plan.standDown);
      if (round > 8) throw new Error(`does not come to rest: ${JSON.stringify(plan)}`);
      this.carryOut(plan);
      if (plan.decisions.length > 0) continue;
      this.pass(1_000);
      return plan;
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
