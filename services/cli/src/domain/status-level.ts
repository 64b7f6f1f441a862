import type { FarmView } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import type { SeenFarm, SeenHost } from './seen-farm.js';
import type { StatusEdge } from './status.js';
import { age } from './words.js';

export type StatusLevel = 'serving' | 'degraded' | 'critical' | 'unknown';

/** What `status` exits with. */
export const STATUS_EXIT: Readonly<Record<StatusLevel, number>> = { serving: 0, degraded: 1, critical: 2, unknown: 3 };

/**
 * Something that is not as it should be: what about (`farm`, `h1`, `h1 stream-2`), why, and how old that knowledge is.
 * `serving`: viewers may be served worse for it. `control`: they are not, but the farm cannot be steered as it should.
 */
export interface Problem {
  readonly about: string;
  readonly why: string;
  readonly affects: 'serving' | 'control';
  readonly ageMs?: number;
}

export function problemsOf(view: SeenFarm, edges: readonly StatusEdge[]): Problem[] {
  return [
    ...farmProblems(view).map((why): Problem => ({ about: 'farm', why, affects: 'control' })),
    ...(view.problems ?? []).map(
      ({ host, message }): Problem => ({ about: host ?? 'farm', why: message, affects: 'serving' }),
    ),
    ...view.hosts.flatMap((host) => [
      ...hostProblems(host, edges),
      ...elsewhereProblems(host, edges, view.connected !== false),
    ]),
    ...edges.flatMap((edge) => edgeProblems(edge, isShort(view, edges, edge.host))),
  ];
}

function farmProblems({ farmId, spec, connected, master, leader, hosts, update }: SeenFarm): string[] {
  if (master === null) return ['no master tells of it: what is decided for it is not known'];
  const problems: string[] = [];
  if (!connected) problems.push('the master is cut off from NATS: it shows what it saw last');
  if (master.problem) problems.push(`the master may not lead: ${master.problem.message}`);
  else if (connected && farmId === null) problems.push('there is no farm yet');
  else if (connected && spec === null) problems.push('nothing has been applied yet');
  if (!master.problem && connected && farmId !== null && leader === null) problems.push('no master leads');
  if (spec !== null && hosts.length === 0) problems.push('no host has joined');
  if (update?.state === 'stopped') problems.push(new DolphinError('E_UPDATE_STOPPED', { ...update }).message);
  return problems;
}

function hostProblems(host: SeenHost, edges: readonly StatusEdge[]): Problem[] {
  const problems: Problem[] = [];
  const about = host.host;
  const ageMs = host.heardMsAgo === null ? {} : { ageMs: host.heardMsAgo };
  if (host.liveness === 'lost') return [{ about, why: LIVENESS.lost, affects: 'serving', ...ageMs }];
  if (host.problem !== undefined) {
    const affects = host.podPid === null ? 'serving' : 'control';
    problems.push({ about, why: host.problem, affects, ...ageMs });
  }
  if (host.problem === undefined && host.liveness !== 'up')
    problems.push({ about, why: LIVENESS[host.liveness], affects: 'control', ...ageMs });
  if (host.leaving) problems.push({ about, why: 'is leaving the farm', affects: 'control', ...ageMs });
  if (host.readOnly) {
    problems.push({ about, why: `takes no commands: ${host.readOnly.message}`, affects: 'control', ...ageMs });
  }
  const serving = servingOn(about, edges);
  if (serving < host.desired) {
    problems.push({ about, why: `${serving} of ${host.desired} stream edges serve`, affects: 'serving' });
  }
  if (host.problem === undefined && host.podPid === null && serving === 0 && host.desired > 0) {
    problems.push({ about, why: 'its pod does not answer', affects: 'serving', ...ageMs });
  }
  return problems;
}

/**
 * Edges that cannot be asked are as their pod says, which is fine while it is heard. Later: of a host that is silent the
 * leader tells what becomes of it; with NATS away nobody does.
 */
function elsewhereProblems(host: SeenHost, edges: readonly StatusEdge[], isConnected: boolean): Problem[] {
  const isAsked = !edges.some((edge) => edge.host === host.host && edge.elsewhere);
  if (isAsked || isConnected || host.liveness === 'lost') return [];
  const why = "its edges' APIs are on its loopback: shown as its pod said last";
  const ageMs = host.heardMsAgo === null ? {} : { ageMs: host.heardMsAgo };
  return [{ about: host.host, why, affects: 'serving', ...ageMs }];
}

function edgeProblems(edge: StatusEdge, isHostShort: boolean): Problem[] {
  const about = `${edge.host} ${edge.name}`;
  const { problem } = edge;
  if (edge.state === 'unknown') {
    return [{ about, why: 'runs, but no decision in the log asks for it', affects: 'control' }];
  }
  if (problem !== undefined && (edge.state === 'ready' || edge.serving)) {
    const why = edge.answeredMs === null ? `its API does not answer: ${problem}` : problem;
    return [{ about, why, affects: 'serving' }];
  }
  if (edge.serving) return edge.shortcoming === undefined ? [] : [{ about, why: edge.shortcoming, affects: 'serving' }];
  // As an operator wants it.
  if (edge.state === 'drained') return [];
  // On its way out, and nobody waits for it: that is how a farm gets smaller.
  if (!isHostShort && LEAVING.has(edge.state)) return [];
  const refused = edge.refusal ? `, but refused by its host: ${edge.refusal.code}: ${edge.refusal.message}` : '';
  const affects = isHostShort || edge.role !== 'stream' ? 'serving' : 'control';
  return [{ about, why: `is ${edge.state}${refused}`, affects }];
}

const LEAVING: ReadonlySet<string> = new Set(['draining', 'stopping', 'exited']);

const LIVENESS = {
  joining: 'joins',
  suspect: 'is silent',
  unmanaged: 'its worker is gone; its pod serves on',
  lost: 'is lost',
} as const;

function servingOn(host: string, edges: readonly StatusEdge[]): number {
  return edges.filter((edge) => edge.host === host && edge.role === 'stream' && edge.serving).length;
}

function isShort({ hosts }: SeenFarm, edges: readonly StatusEdge[], name: string): boolean {
  return servingOn(name, edges) < (hosts.find(({ host }) => host === name)?.desired ?? 0);
}

export interface LevelInput {
  /** The farm's specification, as far as the master knows; hosts are not told it. */
  readonly spec: FarmView['spec'] | 'not told';
  /** The master is in touch with NATS, and what is there is its farm's log. */
  readonly hasLog: boolean;
  /** Stream edges that are decided for hosts, and those that serve. */
  readonly desired: number;
  readonly serving: number;
  readonly problems: readonly Problem[];
}

interface Rule {
  readonly name: string;
  /** The mistake that it prevents. */
  readonly prevents: string;
  readonly when: (input: LevelInput) => boolean;
  readonly level: StatusLevel;
}

/** First match wins. Nothing here asks who leads: without a control plane viewers are served on. */
export const LEVEL_RULES: readonly Rule[] = [
  {
    name: 'a master that knows nothing',
    prevents: 'a master that was started while NATS or its log is away calls a farm that serves dead',
    when: ({ hasLog, spec, serving }) => !hasLog && spec === null && serving === 0,
    level: 'unknown',
  },
  {
    name: 'nothing serves',
    prevents: 'a farm whose hosts never joined looks fine, because nothing could be decided for them',
    when: (input) =>
      input.serving === 0 && (typeof input.spec !== 'object' || input.spec === null || wanted(input) > 0),
    level: 'critical',
  },
  {
    name: 'fewer serve than were asked for',
    prevents: 'a lost edge goes unnoticed behind those that are left',
    when: (input) => input.serving < wanted(input),
    level: 'degraded',
  },
  {
    name: 'something is wrong that viewers may notice',
    prevents: 'a dead back source or a frozen edge hides behind a full number of edges',
    when: ({ problems }) => problems.some(({ affects }) => affects === 'serving'),
    level: 'degraded',
  },
  {
    name: 'edges that nobody asked for serve',
    prevents: 'a farm whose log is gone looks whole',
    when: ({ spec }) => spec === null,
    level: 'degraded',
  },
  { name: 'all is well', prevents: 'no level at all', when: () => true, level: 'serving' },
];

export function levelOf(input: LevelInput): StatusLevel {
  return LEVEL_RULES.find(({ when }) => when(input))?.level ?? 'unknown';
}

/** Stream edges that should serve: what was decided, and what could not be placed yet. */
function wanted({ spec, desired }: LevelInput): number {
  if (spec === null || spec === 'not told') return desired;
  return Math.max(desired, 'total' in spec.edges ? spec.edges.total : Math.min(spec.edges.perHost, 1));
}

export function problemLine({ about, why, ageMs }: Problem): string {
  return `${about}: ${why}${ageMs === undefined ? '' : ` (heard ${age(ageMs)} ago)`}`;
}
