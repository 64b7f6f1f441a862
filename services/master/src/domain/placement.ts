import { edgeName, type FarmSpec } from '@dolphin/protocol';
import { roomOn, shortageOf, wantedOn } from './capacity.js';
import type { DecisionDraft } from './decision-draft.js';
import { departureOrder, recoverable } from './departures.js';
import {
  asideCount,
  assignedSlots,
  type FarmState,
  type HostState,
  heldSlots,
  hostsOf,
  type SlotState,
  stayingSlots,
} from './farm-state.js';
import {
  currentPod,
  isAdoptedIn,
  isCommandable,
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
  /** Stream edges that it has, or may have again at no cost, or that are being changed, in the order in which they would go. */
  readonly edges: readonly SlotState[];
}

export function sitesOf(state: FarmState, observed: Observed, term: number): Site[] {
  return hostsOf(state).map((host) => {
    const seen = observedHost(observed, host.host);
    const isHeard = seen.silentMs < SUSPECT_AFTER_MS;
    const isAdopted = isAdoptedIn(host, seen, term);
    const isUp = host.liveness === 'up';
    const isFree = isCommandable(seen) && currentPod(host, seen, term) !== null;
    const standing = host.liveness === 'lost' ? 'gone' : isUp && isHeard && isFree ? 'open' : 'fixed';
    const assigned = standing === 'open' ? stayingSlots(host) : assignedSlots(host, 'stream');
    const again = standing === 'open' && state.spec ? recoverable(host, seen, state.spec.spec) : [];
    return {
      host,
      seen,
      standing,
      isOpening: isUp && isHeard && !isAdopted,
      edges: departureOrder([...assigned, ...again, ...heldSlots(host)], seen),
    };
  });
}

/** How many stream edges each open host should have, by host name. A host that is not in it stays as it is. */
export function targets(spec: FarmSpec, sites: readonly Site[]): Map<string, number> {
  const open = sites.filter((site) => site.standing === 'open');
  const room = (site: Site) => roomOn(site.host, spec);
  if ('perHost' in spec.edges) {
    const { perHost } = spec.edges;
    return new Map(open.map((site) => [site.host.host, Math.min(wantedOn(site.host, perHost), room(site))]));
  }
  const emptied = open.filter((site) => room(site) === 0);
  const counts = new Map(emptied.map((site) => [site.host.host, 0]));
  if (sites.some((site) => site.isOpening)) return counts;
  const fixed = sites.filter((site) => site.standing === 'fixed').reduce((sum, site) => sum + site.edges.length, 0);
  const others = open.filter((site) => room(site) > 0);
  return new Map([...counts, ...spread(Math.max(0, spec.edges.total - fixed), others, room)]);
}

/**
 * As little moves as can: what is missing goes to the hosts with the fewest, what is too much leaves those with the
 * most, at the same number where the fewest viewers are. A farm that has its total is never spread anew.
 */
function spread(total: number, open: readonly Site[], room: (site: Site) => number): Map<string, number> {
  const counts = new Map(open.map((site) => [site.host.host, Math.min(site.edges.length, room(site))]));
  const count = (site: Site) => counts.get(site.host.host) ?? 0;
  let sum = [...counts.values()].reduce((all, count) => all + count, 0);
  while (sum < total) {
    // One that an operator drains counts as if it were there: its share goes elsewhere, as long as there is room.
    const taken = (site: Site) => count(site) + asideCount(site.host);
    const [least] = open.filter((site) => count(site) < room(site)).sort((a, b) => taken(a) - taken(b));
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
  const slot = site.edges[site.edges.length - count];
  return (slot && reportedEdge(site.seen.pod, edgeName(slot))?.clients) ?? 0;
}

/** What the hosts that are there do not take; null: they take it all, it was decided already, or nobody can know yet. */
export function planShort(state: FarmState, sites: readonly Site[]): DecisionDraft | null {
  if (sites.some((site) => site.isOpening)) return null;
  const shortage = shortageOf(state);
  if (shortage === null) return null;
  const { short, spec } = state;
  const isSame = short?.asked === shortage.asked && short.placed === shortage.placed;
  return isSame && short.specVersion === spec?.version ? null : { type: 'placement-short', ...shortage };
}
