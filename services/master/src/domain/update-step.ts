import { type EdgeStatus, edgeName, type FarmSpec, hasViewers, shareAPort, type UpdatePolicy } from '@dolphin/protocol';
import { definitionOf } from './definition.js';
import { assignedSlots, type HostState, heldSlots, type SlotState } from './farm-state.js';
import { isSurelyEmpty, type ObservedHost, reportedEdge } from './observation.js';

/** An edge that may be changed next. */
export interface Candidate {
  readonly host: HostState;
  readonly seen: ObservedHost;
  readonly slot: SlotState;
}

/**
 * The order in which edges are changed: what serves nobody first; then host by host, so that a specification that does no
 * good does none on one host; within a host those with the fewest viewers, and its back source last, because all the others
 * of the host hang on it.
 */
export function inOrder(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort(
    (a, b) =>
      Number(isServing(a)) - Number(isServing(b)) ||
      compare(a.host.host, b.host.host) ||
      Number(a.slot.role === 'back-source') - Number(b.slot.role === 'back-source') ||
      clientsOf(a) - clientsOf(b) ||
      a.slot.slot - b.slot.slot,
  );
}

/**
 * Those that are changed next, of candidates in order: at most `maxParallel`; never all stream edges of a host that has
 * several; and, but for a single edge, no more of the viewers than `viewerPercent` of `viewers`.
 */
export function chooseStep(candidates: readonly Candidate[], policy: UpdatePolicy, viewers: number): Candidate[] {
  const chosen: Candidate[] = [];
  const atHost = new Map<string, number>();
  let touched = 0;
  for (const one of candidates) {
    if (chosen.length >= policy.maxParallel) break;
    const { host, slot } = one;
    const waitsForOthers = slot.role === 'back-source' && isServing(one);
    if (waitsForOthers && candidates.some((other) => pullsFrom(host, other))) continue;
    const most = Math.max(1, placesOf(host) - 1);
    const taken = atHost.get(host.host) ?? 0;
    if (slot.role === 'stream' && isServing(one) && (taken >= most || isAwaited(one))) continue;
    const its = viewersOf(one);
    if (chosen.length > 0 && touched + its > (viewers * policy.viewerPercent) / 100) break;
    chosen.push(one);
    touched += its;
    if (slot.role === 'stream') atHost.set(host.host, taken + 1);
  }
  return chosen;
}

/**
 * May the next generation be started while the old one is there? A back source always: the others wait for it anyway, and
 * its pod ends the old one first. Another edge if nobody is on it, or if it moves to ports of its own: then its pod starts
 * the new one beside it, and drains the old one when that is ready.
 */
export function goesAtOnce({ host, seen, slot }: Candidate, spec: FarmSpec): boolean {
  if (slot.role === 'back-source') return true;
  const { ports } = definitionOf(spec, host, slot);
  const rows = rowsOf(slot, seen);
  // A spawn of it may still be on its way.
  if (rows.length === 0) return isSurelyEmpty(seen, edgeName(slot));
  const isStarting = slot.status === 'assigned' && !rows.some(({ generation }) => generation === slot.generation);
  if (isStarting && shareAPort(slot.ports, ports)) return false;
  return rows.every((row) => row.state === 'gave-up' || !shareAPort(row.ports, ports));
}

export function viewersAt(seen: ObservedHost): number {
  const edges = seen.pod?.edges.filter(({ role }) => hasViewers(role)) ?? [];
  return edges.reduce((sum, { clients }) => sum + clients, 0);
}

/** The processes of its slot: while one replaces the other there are two. */
function rowsOf(slot: SlotState, seen: ObservedHost): EdgeStatus[] {
  return seen.pod?.edges.filter((row) => edgeName(row) === edgeName(slot)) ?? [];
}

/** While a back source is changed, nothing comes to any viewer of its host. */
function viewersOf(one: Candidate): number {
  return one.slot.role === 'back-source' ? viewersAt(one.seen) : clientsOf(one);
}

function clientsOf({ slot, seen }: Candidate): number {
  return rowsOf(slot, seen).reduce((sum, { clients }) => sum + clients, 0);
}

function isServing({ slot, seen }: Candidate): boolean {
  const reported = reportedEdge(seen.pod, edgeName(slot));
  return reported?.state === 'ready' || rowsOf(slot, seen).some(({ clients }) => clients > 0);
}

function pullsFrom(of: HostState, { slot, host }: Candidate): boolean {
  return hasViewers(slot.role) && host.host === of.host;
}

function placesOf(host: HostState): number {
  return assignedSlots(host, 'stream').length + heldSlots(host).length;
}

/** It alone of its host takes clients, until another one that is on its way, as after a restart, does so as well. */
function isAwaited({ host, seen, slot }: Candidate): boolean {
  const others = assignedSlots(host, 'stream').filter((other) => other.slot !== slot.slot);
  const states = others.map((other) => reportedEdge(seen.pod, edgeName(other))?.state);
  return !states.includes('ready') && states.some((state) => state !== 'gave-up');
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
