import { acceptCommand } from '@dolphin/pod/domain/accept-command.js';
import { type HostFile, newHostFile, withDrained } from '@dolphin/pod/domain/host-file.js';
import {
  type Command,
  type CommandReply,
  type EdgeDefinition,
  type EdgeStatus,
  edgeName,
  edgePorts,
  FarmSpec,
  type Heartbeat,
  hasViewers,
  type PodState,
  type Role,
  shareAPort,
} from '@dolphin/protocol';

export const FARM_ID = '11111111-1111-4111-8111-111111111111';
export const AT = '2026-01-01T00:00:00.000Z';

export function specOf(edges: FarmSpec['edges'], more: Partial<FarmSpec> = {}): FarmSpec {
  return FarmSpec.parse({ edges, origins: ['127.0.0.1:1935'], ...more });
}

interface ModelEdge {
  definition: EdgeDefinition;
  state: EdgeStatus['state'];
  clients: number;
  /** As the real pod has it: a newer definition waits for the old process to be gone. */
  next?: EdgeDefinition;
  /** What it replaces on other ports: drains when this one is ready. */
  old?: ModelEdge;
}

/** Edges of this engine never become ready. */
export const BROKEN = 'broken';
const KNOWN = { engines: new Set(['builtin', 'next', BROKEN]), confs: new Set(['fast']) };

/** A host as a value machine: a pod that obeys by the real pod's rules, and edges that take a step per tick. */
export class HostModel {
  readonly name: string;
  readonly farmId: string;
  readonly rtmp: number;
  epoch = 1;
  /** As its worker's configuration has them, told when it joins. */
  placement: { readonly labels?: Record<string, string>; readonly capacity?: number } = {};
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
  addForeign(role: Role, slot: number, generation: number): void {
    this.addRunning(role, slot, generation);
    this.foreign.add(edgeName({ role, slot }));
  }

  /** One that runs since before this log began; `told`: the (term, sequence) that its pod accepted last. */
  addRunning(role: Role, slot: number, generation: number, told = { term: 0, sequence: 0 }): void {
    const key = { role, slot };
    const ports = edgePorts(specOf({ perHost: 0 }).ports, key);
    const origins = [hasViewers(role) ? '127.0.0.1:11935' : '127.0.0.1:1935'];
    const definition = { ...key, generation, engine: 'builtin', ports, origins };
    this.edges.set(edgeName(key), { definition, state: 'ready', clients: 0 });
    const record = { ...key, generation, ...told, wanted: definition };
    this.file = { ...this.file, term: Math.max(this.file.term, told.term), slots: [...this.file.slots, record] };
  }

  command(command: Command): CommandReply {
    if (command.epoch !== 0 && command.epoch !== this.epoch) return refuse('E_EPOCH_STALE');
    const verdict = acceptCommand(this.file, command, KNOWN);
    if (verdict.result === 'refused') return refuse(verdict.code, verdict.details);
    const { body } = command;
    if (body.type === 'undrain' && !verdict.already && !this.#undrain(edgeName(body))) return refuse('E_NOT_DRAINING');
    this.file = verdict.file;
    if (body.type === 'drain' && !verdict.already) this.#drain(edgeName(body), body.deadlineMs);
    if (body.type === 'spawn' && !verdict.already) this.#start(body.edge);
    if (body.type === 'kill') this.#end(edgeName(body));
    if (body.type === 'restart' && !verdict.already) this.#restart(edgeName(body), body.drainMs);
    return { result: 'accepted', already: verdict.already, ...(body.type === 'adopt' && { state: this.podState() }) };
  }

  #start(definition: EdgeDefinition): void {
    const name = edgeName(definition);
    const before = this.edges.get(name);
    if (this.foreign.has(name)) this.violations.push(`${name}: an edge that the log does not know was replaced`);
    const others = [before, before?.old].filter((one) => one && one.state !== 'gave-up' && one.state !== 'exited');
    const inTheWay = others.find((one) => one && shareAPort(one.definition.ports, definition.ports));
    if (definition.role === 'back-source' && before && inTheWay) {
      this.edges.set(name, { ...before, state: 'draining', clients: 0, next: definition });
      return;
    }
    if (before && inTheWay) {
      this.violations.push(`${name}: generation ${definition.generation} while ${before.definition.generation} lives`);
      this.edges.set(name, { ...before, state: 'draining', clients: 0, next: definition });
      return;
    }
    const old = others.find((one) => one?.state === 'ready' || one?.state === 'draining');
    this.edges.set(name, { definition, state: 'starting', clients: 0, ...(old && { old }) });
  }

  #drain(name: string, deadlineMs: number): void {
    if (this.foreign.has(name)) this.violations.push(`${name}: an edge that the log does not know was drained`);
    const edge = this.edges.get(name);
    if (!edge) {
      this.#forgetDrained();
      return;
    }
    if (deadlineMs === 0) edge.clients = 0;
    delete edge.next;
    if (edge.old) edge.old.state = 'draining';
    if (edge.state === 'gave-up' || edge.state === 'exited') this.#remove(name);
    else if (edge.state !== 'stopping') edge.state = 'draining';
  }

  #undrain(name: string): boolean {
    const edge = this.edges.get(name);
    if (edge?.state !== 'draining' || edge.next) return false;
    edge.state = 'ready';
    return true;
  }

  /** The old one drains, or is stopped; the next takes its place. */
  #restart(name: string, drainMs: number): void {
    if (this.foreign.has(name)) this.violations.push(`${name}: an edge that the log does not know was restarted`);
    const next = this.file.slots.find((record) => edgeName(record) === name)?.wanted;
    const edge = this.edges.get(name);
    if (!next) return;
    if (!edge || edge.state === 'gave-up' || edge.state === 'exited') {
      this.edges.set(name, { definition: next, state: 'starting', clients: 0 });
      return;
    }
    edge.next = next;
    if (drainMs === 0) edge.clients = 0;
    if (edge.state !== 'stopping') edge.state = 'draining';
  }

  #remove(name: string): void {
    const old = this.edges.get(name)?.old;
    if (old) this.edges.set(name, old);
    else this.edges.delete(name);
    this.#forgetDrained();
  }

  #forgetDrained(): void {
    for (const record of this.file.slots) {
      if (record.drain && !this.edges.has(edgeName(record))) this.file = withDrained(this.file, record);
    }
  }

  #end(name: string): void {
    if (this.foreign.has(name)) this.violations.push(`${name}: an edge that the log does not know was killed`);
    const edge = this.edges.get(name);
    if (!edge) return;
    delete edge.next;
    delete edge.old;
    edge.clients = 0;
    if (edge.state !== 'stopping') edge.state = 'draining';
  }

  tick(): void {
    for (const [name, edge] of [...this.edges]) {
      if (edge.old) this.#tickOld(edge, edge.old);
      if (edge.state === 'starting') edge.state = edge.definition.engine === BROKEN ? 'gave-up' : 'ready';
      else if (edge.state === 'draining' && edge.clients > 0) edge.clients--;
      else if (edge.state === 'draining') edge.state = 'stopping';
      else if (edge.state !== 'stopping') continue;
      else if (edge.next) this.edges.set(name, { definition: edge.next, state: 'starting', clients: 0 });
      else this.#remove(name);
    }
  }

  #tickOld(edge: ModelEdge, old: ModelEdge): void {
    if (old.state === 'ready' && edge.state === 'ready') old.state = 'draining';
    else if (old.state === 'draining' && old.clients > 0) old.clients--;
    else if (old.state === 'draining') delete edge.old;
  }

  /** The pod dies and comes back: with what its file says. */
  restartPod(): void {
    this.edges.clear();
    for (const record of this.file.slots) {
      if (!record.wanted || record.drain) continue;
      this.edges.set(edgeName(record), { definition: record.wanted, state: 'starting', clients: 0 });
    }
    this.#forgetDrained();
  }

  /** The same without its file: it has forgotten its edges, its farm and the term that it agreed to. */
  losePod(): void {
    this.file = newHostFile(this.name);
    this.foreign.clear();
    this.restartPod();
  }

  /** So many play there. */
  crowd(name: string, clients: number): void {
    const edge = this.edges.get(name);
    if (edge?.state === 'ready') edge.clients = clients;
  }

  giveUp(name: string): void {
    const edge = this.edges.get(name);
    if (!edge || this.foreign.has(name) || edge.state === 'draining' || edge.state === 'stopping') return;
    Object.assign(edge, { state: 'gave-up', clients: 0 });
  }

  podState(): PodState {
    const rows = [...this.edges.values()].flatMap((edge) => (edge.old ? [edge, edge.old] : [edge]));
    const edges = rows.map(({ definition, state, clients }): EdgeStatus => {
      const record = this.file.slots.find((one) => one.role === definition.role && one.slot === definition.slot);
      return {
        ...definition,
        state,
        pid: 1000 * definition.generation + definition.slot,
        term: record?.term ?? 0,
        sequence: record?.sequence ?? 0,
        transport: 'hand-off',
        clients,
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

  live(role: Role): string[] {
    return [...this.edges].filter(([, edge]) => edge.definition.role === role).map(([name]) => name);
  }
}

function refuse(code: string, details: Record<string, unknown> = {}): CommandReply {
  return { result: 'refused', code, message: JSON.stringify(details) };
}
