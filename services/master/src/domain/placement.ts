import { edgeName, edgePorts, type FarmSpec, MAX_EDGES_PER_HOST } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { assignedSlots, type EntryRef, type FarmState, type HostState, hostsOf, type SlotState } from './farm-state.js';
import {
  currentPod,
  isAdoptedIn,
  isCommandable,
  isSurelyEmpty,
  isUnknown,
  type Observed,
  type ObservedHost,
  observedHost,
  reportedEdge,
} from './observation.js';
import { SUSPECT_AFTER_MS } from './timing.js';

/** A host as placement sees it. */
export interface Site {
  readonly host: HostState;
  readonly seen: ObservedHost;
  /** `open`: up, adopted, with a pod. `fixed`: what it has is counted, and not touched. `gone`: lost, counts nothing. */
  readonly standing: 'open' | 'fixed' | 'gone';
  /** It will be open, or suspect, within seconds: not the time to spread. */
  readonly isOpening: boolean;
  readonly current: number;
}

export function sitesOf(state: FarmState, observed: Observed, term: number): Site[] {
  return hostsOf(state).map((host) => {
    const seen = observedHost(observed, host.host);
    const isHeard = seen.silentMs < SUSPECT_AFTER_MS;
    const isAdopted = isAdoptedIn(host, seen, term);
    const isUp = host.liveness === 'up';
    const isFree = isCommandable(seen) && currentPod(host, seen, term) !== null;
    const standing = host.liveness === 'lost' ? 'gone' : isUp && isHeard && isFree ? 'open' : 'fixed';
    return {
      host,
      seen,
      standing,
      isOpening: isUp && isHeard && !isAdopted,
      current: assignedSlots(host, 'stream').length,
    };
  });
}

/** How many stream edges each open host should have, by host name. A host that is not in it stays as it is. */
export function targets(spec: FarmSpec, sites: readonly Site[]): Map<string, number> {
  const open = sites.filter((site) => site.standing === 'open');
  if ('perHost' in spec.edges) {
    const { perHost } = spec.edges;
    return new Map(open.map((site) => [site.host.host, perHost]));
  }
  if (sites.some((site) => site.isOpening)) return new Map();
  const fixed = sites.filter((site) => site.standing === 'fixed').reduce((sum, site) => sum + site.current, 0);
  return spread(Math.max(0, spec.edges.total - fixed), open);
}

/**
 * As little moves as can: what is missing goes to the hosts with the fewest, what is too much leaves those with the
 * most, at the same number where the fewest viewers are. A farm that has its total is never spread anew.
 */
function spread(total: number, open: readonly Site[]): Map<string, number> {
  const counts = new Map(open.map((site) => [site.host.host, site.current]));
  const count = (site: Site) => counts.get(site.host.host) ?? 0;
  let sum = open.reduce((all, site) => all + site.current, 0);
  while (sum < total) {
    const [least] = open.filter((site) => count(site) < MAX_EDGES_PER_HOST).sort((a, b) => count(a) - count(b));
    if (!least) break;
    counts.set(least.host.host, count(least) + 1);
    sum++;
  }
  while (sum > total) {
    const [most] = [...open].sort((a, b) => count(b) - count(a) || clientsAt(a, count(a)) - clientsAt(b, count(b)));
    if (!most) break;
    counts.set(most.host.host, count(most) - 1);
    sum--;
  }
  return counts;
}

/** Clients of the edge that would go if a host with `count` edges had one less. */
function clientsAt(site: Site, count: number): number {
  const slot = assignedSlots(site.host, 'stream')[count - 1];
  return (slot && reportedEdge(site.seen.pod, edgeName(slot))?.clients) ?? 0;
}

/** Assignments and releases that bring one open host to `target` stream edges. */
export function planSite(site: Site, target: number, spec: FarmSpec, cause: Cause): DecisionDraft[] {
  const streams = assignedSlots(site.host, 'stream');
  if (streams.length > target) return streams.slice(target).map((slot) => release(site.host, slot, cause));
  const backSource = planBackSource(site, target, spec, cause);
  if (backSource.blocked) return [];
  return [...backSource.decisions, ...planStreams(site, target - streams.length, spec, backSource.rtmp, cause)];
}

/** The host's one puller: there before its stream edges are, and until the last of them is gone. */
function planBackSource(site: Site, target: number, spec: FarmSpec, cause: Cause) {
  const key = { role: 'back-source', slot: 0 } as const;
  const slot = site.host.slots[edgeName(key)];
  const plannedRtmp = edgePorts(spec.ports, key).rtmp;
  const rtmp = slot?.status === 'assigned' ? slot.ports.rtmp : plannedRtmp;
  const none = { decisions: [] as DecisionDraft[], blocked: false, rtmp };
  if (slot?.status === 'assigned') {
    const hasStreams = site.seen.pod?.edges.some((edge) => edge.role === 'stream') ?? false;
    const isNeeded = target > 0 || hasStreams;
    return isNeeded ? none : { ...none, decisions: [release(site.host, slot, cause)] };
  }
  if (target === 0) return none;
  if (!isSurelyEmpty(site.seen, edgeName(key))) return { ...none, blocked: true };
  return { ...none, decisions: [assign(site.host, key, slot, spec, spec.origins, cause)] };
}

/**
 * The lowest free slots. One whose last edge still ends is waited for, so that no two ever live on one slot; one that
 * an edge unknown to the log sits on is passed over, so that it is not killed.
 */
function planStreams(
  site: Site,
  missing: number,
  spec: FarmSpec,
  backSourceRtmp: number,
  cause: Cause,
): DecisionDraft[] {
  const planned: DecisionDraft[] = [];
  let open = missing;
  for (let number = 0; open > 0 && number < MAX_EDGES_PER_HOST; number++) {
    const key = { role: 'stream', slot: number } as const;
    const slot = site.host.slots[edgeName(key)];
    if (slot?.status === 'assigned') continue;
    const reported = reportedEdge(site.seen.pod, edgeName(key));
    if (reported && isUnknown(slot, reported)) continue;
    open--;
    if (isSurelyEmpty(site.seen, edgeName(key)))
      planned.push(assign(site.host, key, slot, spec, [`127.0.0.1:${backSourceRtmp}`], cause));
  }
  return planned;
}

export type Cause = (host: HostState) => { causationId?: string; correlationId?: string };

/** What an assignment follows from: the newest of what may have changed the wish or the host. */
export function causeIn(state: FarmState): Cause {
  return (host) => {
    const refs = [state.spec?.applied, host.joined, state.lastMove].filter((ref): ref is EntryRef => ref != null);
    const newest = refs.reduce<EntryRef | null>((a, b) => (a && a.sequence >= b.sequence ? a : b), null);
    const asked = state.spec?.applied;
    return {
      ...(newest && { causationId: newest.entryId }),
      ...(asked && { correlationId: asked.correlationId ?? asked.entryId }),
    };
  };
}

function assign(
  host: HostState,
  key: { role: SlotState['role']; slot: number },
  before: SlotState | undefined,
  spec: FarmSpec,
  origins: readonly string[],
  cause: Cause,
): DecisionDraft {
  return {
    type: 'edge-assigned',
    host: host.host,
    role: key.role,
    slot: key.slot,
    generation: (before?.generation ?? 0) + 1,
    engine: spec.engine,
    ports: edgePorts(spec.ports, key),
    origins: [...origins],
    ...cause(host),
  };
}

function release(host: HostState, slot: SlotState, cause: Cause): DecisionDraft {
  const { role, slot: number, generation } = slot;
  return {
    type: 'edge-released',
    host: host.host,
    role,
    slot: number,
    generation,
    why: 'the specification asks for fewer',
    ...cause(host),
  };
}

/** A total that does not fit on the hosts that are there; null: it fits, or nobody can know yet. */
export function planShort(state: FarmState, spec: FarmSpec, sites: readonly Site[]): DecisionDraft | null {
  if (!('total' in spec.edges) || sites.length === 0 || sites.some((site) => site.isOpening)) return null;
  const asked = spec.edges.total;
  const present = sites.filter((site) => site.standing !== 'gone');
  const placed = Math.min(asked, present.length * MAX_EDGES_PER_HOST);
  if (placed === asked) return null;
  const { short } = state;
  if (short?.specVersion === state.spec?.version && short?.asked === asked && short.placed === placed) return null;
  const why = present.length === 0 ? 'no host is up' : `${present.length} hosts take ${MAX_EDGES_PER_HOST} edges each`;
  return { type: 'placement-short', asked, placed, why };
}
