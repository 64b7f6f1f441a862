import type { EdgeDefinition, EdgeView, FarmView, HostView, PodState, Problem } from '@dolphin/protocol';
import { compareEdges, DEFAULT_PRIVATE_ADDRESS, hasViewers } from '@dolphin/protocol/plain.js';

type Unmeasured = 'cpuPercent' | 'memoryBytes' | 'memoryFreeBytes';
/** A host as somebody tells of it. Null: that one does not know. */
export type SeenHost = Omit<HostView, Unmeasured> & { readonly [K in Unmeasured]: number | null } & {
  /** Why what is told of it is old, or not all. */
  readonly problem?: string;
};

type MastersOwn = 'version' | 'sequence' | 'specVersion' | 'spec' | 'leader' | 'master' | 'connected' | 'settled';
/** The farm as a master shows it, or as much of it as others know: then `master` and all that the log says is null. */
export type SeenFarm = Pick<FarmView, 'farm' | 'farmId' | 'at' | 'edges' | 'update'> & {
  readonly [K in MastersOwn]: FarmView[K] | null;
} & { readonly hosts: readonly SeenHost[]; readonly problems?: FarmView['problems'] };

/** What one host tells of itself, or had written down. */
export interface HostReport {
  readonly host: string;
  readonly farmId: string | null;
  readonly epoch: number;
  /** Where it is dialled. */
  readonly address: string;
  /** How old this is. */
  readonly ageMs: number;
  /** Null: its pod does not answer. */
  readonly pod: PodState | null;
  /** What it was told to run, where its pod does not say. */
  readonly wanted: readonly EdgeDefinition[];
  readonly problem?: string;
  readonly readOnly?: Problem;
  readonly leaving?: boolean;
}

/** Older than this it is told as it was, not as it is. */
const FRESH_MS = 3_000;

const NEVER_MEASURED = { cpuPercent: null, memoryBytes: null, memoryFreeBytes: null };
const UNKNOWN_TO_HOSTS = {
  ...{ version: null, sequence: null, specVersion: null, spec: null },
  ...{ leader: null, master: null, connected: null, settled: null },
};

/** What hosts tell without a master. What was decided for them shows in what they run. */
export function farmOfReports(
  reports: readonly HostReport[],
  of: { readonly farm: string; readonly at: string },
): SeenFarm {
  const sorted = [...reports].sort((a, b) => (a.host < b.host ? -1 : 1));
  return {
    ...UNKNOWN_TO_HOSTS,
    ...of,
    farmId: sorted.find(({ farmId }) => farmId !== null)?.farmId ?? null,
    hosts: sorted.map(hostOf),
    edges: sorted.flatMap(edgesOf),
  };
}

const LEAVING: ReadonlySet<string> = new Set(['draining', 'stopping', 'exited']);

function hostOf(report: HostReport): SeenHost {
  const { host, epoch, address, pod, ageMs } = report;
  const edges = edgesOf(report).filter(({ role }) => hasViewers(role));
  const streams = edges.filter(({ role }) => role === 'stream');
  const isFresh = ageMs <= FRESH_MS && pod !== null;
  return {
    ...{ host, epoch, address, ...NEVER_MEASURED },
    liveness: isFresh ? 'up' : 'suspect',
    podPid: pod?.pid ?? null,
    rtmp: [...(pod?.rtmp ?? [])],
    http: [...(pod?.http ?? [])],
    desired: streams.filter(({ state }) => !LEAVING.has(state)).length,
    ready: streams.filter(({ state }) => state === 'ready').length,
    clients: edges.reduce((sum, { clients }) => sum + clients, 0),
    kbitPerS: edges.reduce((sum, { kbitPerS }) => sum + kbitPerS, 0),
    heardMsAgo: ageMs,
    ...(report.problem !== undefined && { problem: report.problem }),
    ...(report.readOnly && { readOnly: report.readOnly }),
    ...(report.leaving && { leaving: true }),
  };
}

function edgesOf({ host, pod, wanted }: HostReport): EdgeView[] {
  const edges: EdgeView[] = pod
    ? pod.edges.map((edge) => ({
        ...edge,
        host,
        api: apiOf(edge.privateAddress ?? DEFAULT_PRIVATE_ADDRESS, edge.ports.api),
      }))
    : wanted.map((edge) => ({ ...notReported(edge), host, api: apiOf(DEFAULT_PRIVATE_ADDRESS, edge.ports.api) }));
  return edges.sort(compareEdges);
}

/** Its own API, which is asked next, knows the rest. */
function notReported({
  role,
  slot,
  generation,
  engine,
  ports,
  origins,
}: EdgeDefinition): Omit<EdgeView, 'host' | 'api'> {
  const none = { clients: 0, kbitPerS: 0, sentBytes: 0, cpuPercent: 0, rssBytes: 0, restarts: 0, uptimeMs: 0 };
  const what = { role, slot, generation, engine, ports, origins };
  return { ...what, ...none, state: 'assigned', pid: null, transport: 'none', term: 0, sequence: 0 };
}

function apiOf(address: string, port: number): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
