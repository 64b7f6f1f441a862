import {
  compareEdges,
  DEFAULT_PRIVATE_ADDRESS,
  DOLPHIN_VERSION,
  DolphinError,
  type EdgeStatus,
  type EdgeView,
  edgeName,
  type FarmSpec,
  type FarmView,
  type HostView,
  hasViewers,
  MAX_REMARKS,
} from '@dolphin/protocol';
import { isMeant, shortageOf, wantedOn } from './capacity.js';
import { differingFields } from './definition.js';
import { isOutgoing } from './departures.js';
import {
  assignedSlots,
  type FarmState,
  type HostDrain,
  type HostState,
  hostsOf,
  isClosed,
  type SlotState,
  slotsOf,
} from './farm-state.js';
import { isHttpPlaced } from './http-edge.js';
import { shownLiveness } from './liveness-rules.js';
import { isUnknown, type Observed, type ObservedHost, observedHost, reportedEdge } from './observation.js';
import { originProblem } from './origin-reach.js';
import { updateView } from './update-view.js';

/** What a view needs besides the fold and what was seen. */
export interface ViewOf {
  readonly farm: string;
  readonly at: string;
  readonly now: number;
  readonly connected: boolean;
  readonly master: FarmView['master'];
}

export function farmView(state: FarmState, observed: Observed, of: ViewOf): FarmView {
  const names = new Set([...Object.keys(state.hosts), ...Object.keys(observed.hosts)]);
  const hosts: HostView[] = [];
  const edges: EdgeView[] = [];
  for (const name of [...names].sort()) {
    const host = Object.hasOwn(state.hosts, name) ? state.hosts[name] : undefined;
    if (host?.hasLeft) continue;
    const seen = observedHost(observed, name);
    hosts.push(hostView(name, host, seen, of.now));
    edges.push(...edgeViews(name, host, seen));
  }
  const problems = problemsOf(state);
  const update = updateView(state, observed);
  const sum = (of: (host: HostView) => number) => hosts.reduce((all, host) => all + of(host), 0);
  return {
    farm: of.farm,
    farmId: state.farm?.farmId ?? null,
    version: DOLPHIN_VERSION,
    at: of.at,
    sequence: state.sequence,
    specVersion: state.spec?.version ?? 0,
    spec: state.spec?.spec ?? null,
    leader: state.leader && { master: state.leader.master, term: state.leader.term },
    master: of.master,
    connected: of.connected,
    settled: isSettled(state, observed),
    ...(problems.length > 0 && { problems }),
    ...(update && { update }),
    hosts,
    edges,
    totals: {
      hosts: hosts.length,
      hostsUp: hosts.filter((host) => host.liveness === 'up').length,
      desired: sum((host) => host.desired),
      ready: sum((host) => host.ready),
      clients: sum((host) => host.clients),
      kbitPerS: sum((host) => host.kbitPerS),
    },
  };
}

/** What is asked for and not taken, and of hosts on which nothing is placed: why. */
function problemsOf(state: FarmState): NonNullable<FarmView['problems']> {
  const present = hostsOf(state).filter(({ hasLeft }) => !hasLeft);
  const ofHosts = present.flatMap((host) => {
    const problem = originProblem(host);
    return problem ? [{ ...problem, host: host.host }] : [];
  });
  return [...shortProblems(state), ...ofHosts].slice(0, MAX_REMARKS);
}

function shortProblems(state: FarmState): { code: string; message: string }[] {
  const shortage = shortageOf(state);
  if (shortage === null) return [];
  const { code, message } = new DolphinError('E_PLACEMENT_SHORT', { ...shortage });
  return [{ code, message }];
}

function hostView(name: string, host: HostState | undefined, seen: ObservedHost, now: number): HostView {
  const { pod, stats } = seen;
  const liveness = shownLiveness(host, seen);
  const address = seen.address ?? undefined;
  const privateAddress = privateAddressOf(seen);
  // What a host that is gone said last is history.
  const edges = liveness === 'lost' ? [] : (pod?.edges ?? []).filter((edge) => hasViewers(edge.role));
  return {
    host: name,
    liveness,
    epoch: Math.max(seen.epoch, host?.epoch ?? 0),
    address: address ?? '',
    podPid: pod?.pid ?? null,
    rtmp: [...(pod?.rtmp ?? host?.rtmp ?? [])],
    http: [...(pod?.http ?? host?.http ?? [])],
    desired: host ? assignedSlots(host, 'stream').length : 0,
    ready: edges.filter((edge) => edge.role === 'stream' && edge.state === 'ready').length,
    clients: edges.reduce((sum, edge) => sum + edge.clients, 0),
    kbitPerS: edges.reduce((sum, edge) => sum + edge.kbitPerS, 0),
    cpuPercent: stats?.cpuPercent ?? 0,
    memoryBytes: stats?.memoryBytes ?? 0,
    memoryFreeBytes: stats?.memoryFreeBytes ?? 0,
    ...(address !== undefined && privateAddress !== address && { privateAddress }),
    ...(seen.readOnly && { readOnly: seen.readOnly }),
    ...(seen.isLeaving && { leaving: true }),
    heardMsAgo: seen.heardAt === null ? null : Math.max(0, Math.round(now - seen.heardAt)),
    cordoned: host?.cordoned != null,
    ...(host && Object.keys(host.labels).length > 0 && { labels: { ...host.labels } }),
    ...(host && host.capacity !== null && { capacity: host.capacity }),
    ...(host?.drain && { draining: drainingOf(host, host.drain, edges) }),
  };
}

/** How far the drain of a host is: also edges that nobody has begun to drain yet are left. */
function drainingOf(host: HostState, drain: HostDrain, reported: readonly EdgeStatus[]): HostView['draining'] {
  const left = reported.filter((edge) => !isUnknown(host.slots[edgeName(edge)], edge));
  const assigned = [...assignedSlots(host, 'stream'), ...assignedSlots(host, 'http')];
  return {
    deadlineAt: new Date(Date.parse(drain.at) + drain.deadlineMs).toISOString(),
    clientsLeft: left.reduce((sum, edge) => sum + edge.clients, 0),
    edgesLeft: new Set([...left, ...assigned].map(edgeName)).size,
  };
}

function edgeViews(name: string, host: HostState | undefined, seen: ObservedHost): EdgeView[] {
  const views: EdgeView[] = [];
  const address = privateAddressOf(seen);
  for (const edge of seen.pod?.edges ?? []) {
    const slot = host?.slots[edgeName(edge)];
    const state = isUnknown(slot, edge) ? 'unknown' : edge.state;
    const api = apiOf(edge.privateAddress ?? DEFAULT_PRIVATE_ADDRESS, edge);
    // One that is to take its place: what stands in the way of that.
    const refusal = slot && edge.generation < slot.generation ? refusalOf(slot, seen) : {};
    views.push({ ...edge, host: name, state, api, ...refusal });
  }
  for (const slot of host ? slotsOf(host) : []) {
    if (reportedEdge(seen.pod, edgeName(slot))) continue;
    const shown = { ...notReported(slot), host: name, api: apiOf(address, slot) };
    if (slot.status === 'assigned') views.push({ ...shown, state: 'assigned', ...refusalOf(slot, seen) });
    else if (slot.setAside) views.push({ ...shown, state: 'drained' });
  }
  return views.sort(compareEdges);
}

function refusalOf(slot: SlotState, seen: ObservedHost): Pick<EdgeView, 'refusal'> {
  const heard = seen.refusals[edgeName(slot)];
  // The leader was told so itself, and newer; the others read it in the log.
  const refusal = heard?.generation === slot.generation ? heard : slot.refusal;
  return refusal ? { refusal: { code: refusal.code, message: refusal.message } } : {};
}

function notReported(slot: SlotState): Omit<EdgeStatus, 'state'> {
  const { role, slot: number, generation, engine, conf, ports, origins } = slot;
  const none = { clients: 0, kbitPerS: 0, sentBytes: 0, cpuPercent: 0, rssBytes: 0, restarts: 0, uptimeMs: 0 };
  const accepted = { term: 0, sequence: 0 };
  const what = { role, slot: number, generation, engine, ...(conf && { conf }), ports, origins: [...origins] };
  return { ...what, ...accepted, ...none, pid: null, transport: 'none' };
}

/** Of all its edges; a host that reports none counts as one on loopback, which is what it starts with. */
function privateAddressOf({ pod }: ObservedHost): string {
  return pod?.edges.find((edge) => edge.privateAddress)?.privateAddress ?? DEFAULT_PRIVATE_ADDRESS;
}

function apiOf(address: string, edge: { ports: { api: number } }): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${edge.ports.api}`;
}

/** Every host that is there has what the newest specification asks for, ready, and nothing more. */
export function isSettled(state: FarmState, observed: Observed): boolean {
  if (!state.spec) return false;
  const { spec } = state.spec;
  const present = hostsOf(state).filter((host) => host.liveness !== 'lost');
  const { edges } = spec;
  const count = (host: HostState) => assignedSlots(host, 'stream').length;
  const isPlaced =
    'perHost' in edges
      ? present.every((host) => isHostPlaced(host, edges.perHost, spec))
      : present.reduce((all, host) => all + count(host), 0) === edges.total;
  if (present.some((host) => host.drain && host.liveness === 'up' && count(host) > 0)) return false;
  if (!present.every((host) => isHttpPlaced(host, spec))) return false;
  const asked = 'perHost' in edges ? edges.perHost : edges.total;
  if (!isPlaced || (asked > 0 && !present.some((host) => isMeant(host, spec)))) return false;
  // Also while the last of what was changed is being watched.
  if (state.update?.state === 'running') return false;
  return present.every((host) => isHostSettled(host, observedHost(observed, host.host), spec));
}

/** One that takes fewer than are asked for is short of them, and so is the farm. */
function isHostPlaced(host: HostState, perHost: number, spec: FarmSpec): boolean {
  const count = assignedSlots(host, 'stream').length;
  if (!isMeant(host, spec)) return count === 0;
  const wanted = wantedOn(host, perHost);
  return isClosed(host) ? count <= wanted : count === wanted;
}

function isHostSettled(host: HostState, seen: ObservedHost, spec: FarmSpec): boolean {
  const isAsAsked = (slot: SlotState) =>
    slot.status === 'released' || isOutgoing(host, slot, seen) || differingFields(slot, spec, host).length === 0;
  if (!slotsOf(host).every(isAsAsked)) return false;
  if (host.liveness === 'unmanaged') return true;
  return slotsOf(host).every((slot) => {
    const reported = reportedEdge(seen.pod, edgeName(slot));
    if (slot.status === 'released') return reported === undefined || isUnknown(slot, reported);
    return reported?.generation === slot.generation && reported.state === 'ready';
  });
}
