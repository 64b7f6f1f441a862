import { type EdgeKey, edgeName, type FarmSpec, hasViewers, MAX_EDGES_PER_HOST } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { definitionOf } from './definition.js';
import { departureOrder, drainedOtherwise, isLeaving, keepable } from './departures.js';
import {
  assignedSlots,
  type EntryRef,
  type FarmState,
  type HostState,
  heldSlots,
  isHeld,
  type SlotState,
  stayingSlots,
} from './farm-state.js';
import { HTTP_EDGE, planHttpEdge } from './http-edge.js';
import { isSurelyEmpty, isUnknown, reportedEdge } from './observation.js';
import type { Site } from './placement.js';
import { DRAIN_DEADLINE_MS } from './timing.js';

/** Assignments and releases that bring one open host to `target` stream edges. */
export function planSite(site: Site, target: number, spec: FarmSpec, cause: Cause): DecisionDraft[] {
  const { host, seen, edges } = site;
  const staying = edges.slice(Math.max(0, edges.length - target));
  const going = host.drain ? assignedSlots(host, 'stream') : stayingSlots(host);
  // Also a place that was held for a next generation: it is not wanted any more.
  const leaving = [...going, ...heldSlots(host)].filter((slot) => !staying.includes(slot));
  const away = [...new Set([...leaving, ...drainedOtherwise(host, seen)])].map((slot) =>
    release(host, slot, spec, cause),
  );
  const backSource = planBackSource(site, target, spec, cause);
  const http = planHttp(site, target, spec, cause);
  if (backSource.blocked) return [...away, ...http.filter(({ type }) => type === 'edge-released')];
  // Those with the most viewers first: nobody has to start what still runs.
  const missing = target - staying.length;
  const asAsked = keepable(host, seen, spec).filter(({ role }) => role === 'stream');
  const others = asAsked.filter((slot) => !edges.includes(slot));
  const again = missing > 0 ? departureOrder(others, seen).slice(-missing) : [];
  const kept = [...staying.filter((slot) => asAsked.includes(slot)), ...again];
  const emptied = staying.filter((slot) => isHeld(slot) && isSurelyEmpty(seen, edgeName(slot)));
  return [
    ...away,
    ...backSource.decisions,
    ...kept.map((slot) => keep(host, slot, cause)),
    ...emptied.map((slot) => assign(host, slot, spec, cause)),
    ...planStreams(site, missing - again.length, spec, cause),
    ...http,
  ];
}

/** With the stream edges of its host, as the specification says. */
function planHttp({ host, seen }: Site, target: number, spec: FarmSpec, cause: Cause): DecisionDraft[] {
  const slot = host.slots[edgeName(HTTP_EDGE)];
  const step = planHttpEdge(host, seen, target > 0 && spec.edges.http === 1, spec);
  switch (step) {
    case 'assign':
      return [assign(host, HTTP_EDGE, spec, cause)];
    case 'keep':
      return slot ? [keep(host, slot, cause)] : [];
    case 'release':
      return slot ? [release(host, slot, spec, cause)] : [];
    case 'nothing':
    case 'wait':
      return [];
    default:
      return never(step);
  }
}

/** The host's one puller: there before the others are, and until the last of them is gone. */
function planBackSource(site: Site, target: number, spec: FarmSpec, cause: Cause) {
  const key = { role: 'back-source', slot: 0 } as const;
  const slot = site.host.slots[edgeName(key)];
  const none = { decisions: [] as DecisionDraft[], blocked: false };
  if (slot?.status === 'assigned') {
    const hasOthers = site.seen.pod?.edges.some((edge) => hasViewers(edge.role)) ?? false;
    const isNeeded = target > 0 || hasOthers;
    return isNeeded ? none : { ...none, decisions: [release(site.host, slot, spec, cause)] };
  }
  if (target === 0) return none;
  if (!isSurelyEmpty(site.seen, edgeName(key))) return { ...none, blocked: true };
  return { ...none, decisions: [assign(site.host, key, spec, cause)] };
}

/**
 * The lowest free slots. One whose last edge still ends is waited for, so that no two ever live on one slot; one that
 * drains, or that an edge unknown to the log sits on, is passed over.
 */
function planStreams(site: Site, missing: number, spec: FarmSpec, cause: Cause): DecisionDraft[] {
  const planned: DecisionDraft[] = [];
  let open = missing;
  for (let number = 0; open > 0 && number < MAX_EDGES_PER_HOST; number++) {
    const key = { role: 'stream', slot: number } as const;
    const slot = site.host.slots[edgeName(key)];
    if (slot?.status === 'assigned' || slot?.setAside || (slot && isHeld(slot)) || isLeaving(slot, site.seen)) continue;
    const reported = reportedEdge(site.seen.pod, edgeName(key));
    if (reported && isUnknown(slot, reported)) continue;
    open--;
    if (isSurelyEmpty(site.seen, edgeName(key))) planned.push(assign(site.host, key, spec, cause));
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

function assign(host: HostState, { role, slot }: EdgeKey, spec: FarmSpec, cause: Cause): DecisionDraft {
  const generation = (host.slots[edgeName({ role, slot })]?.generation ?? 0) + 1;
  const { origins, ...definition } = definitionOf(spec, host, { role, slot });
  const place = { host: host.host, role, slot, generation };
  return { type: 'edge-assigned', ...place, ...definition, origins: [...origins], ...cause(host) };
}

function release(host: HostState, slot: SlotState, spec: FarmSpec, cause: Cause): DecisionDraft {
  const { role, slot: number, generation } = slot;
  const { drain } = host;
  const drainMs = drain?.deadlineMs ?? spec.drainDeadlineMs ?? DRAIN_DEADLINE_MS;
  return {
    type: 'edge-released',
    host: host.host,
    role,
    slot: number,
    generation,
    // The clients of a back source are the other edges of its host, and those are gone by then.
    ...(hasViewers(role) && { drainMs }),
    why: drain ? 'its host is drained' : 'the specification asks for fewer',
    ...(drain ? { causationId: drain.asked.entryId, correlationId: drain.asked.entryId } : cause(host)),
  };
}

function keep(host: HostState, slot: SlotState, cause: Cause): DecisionDraft {
  const { role, slot: number, generation } = slot;
  const why = 'it is wanted again, and still serves';
  return { type: 'edge-kept', host: host.host, role, slot: number, generation, why, ...cause(host) };
}

function never(step: never): never {
  throw new TypeError(`no such step: ${JSON.stringify(step)}`);
}
