import { edgeName, type FarmSpec } from '@dolphin/protocol';
import { isLeaving, keepable } from './departures.js';
import { assignedSlots, type HostState, heldSlots, isClosed, isHeld, type SlotState } from './farm-state.js';
import { isSurelyEmpty, isUnknown, type ObservedHost, reportedEdge } from './observation.js';

/**
 * The http edge of a host serves HLS. A host that has stream edges has one, where the specification says so; it counts
 * neither among them nor against the host's capacity.
 */
export const HTTP_EDGE = { role: 'http', slot: 0 } as const;

/** What is to be done about it. `wait`: something there, or nobody knows what, has to end first. */
export type HttpStep = 'nothing' | 'assign' | 'keep' | 'release' | 'wait';

/**
 * First match wins:
 *   1. it is not wanted: what is there, and what only has its place held, is released.
 *   2. an operator drains it: its slot stays empty.
 *   3. it is there.
 *   4. it drains, and is as asked again: it is kept.
 *   5. nothing new comes to a closed host, but what has its place held there.
 *   6. its place is empty: it is assigned.
 */
export function planHttpEdge(host: HostState, seen: ObservedHost, isWanted: boolean, spec: FarmSpec): HttpStep {
  const slot = host.slots[edgeName(HTTP_EDGE)];
  const isThere = slot?.status === 'assigned';
  if (!isWanted) return slot && mayBeReleased(host, slot) ? 'release' : 'nothing';
  if (slot?.setAside || isThere) return 'nothing';
  if (slot && keepable(host, seen, spec).includes(slot)) return 'keep';
  if (isClosed(host) && !(slot && isHeld(slot))) return 'nothing';
  const reported = reportedEdge(seen.pod, edgeName(HTTP_EDGE));
  if (isLeaving(slot, seen) || (reported && isUnknown(slot, reported))) return 'wait';
  return isSurelyEmpty(seen, edgeName(HTTP_EDGE)) ? 'assign' : 'wait';
}

/** One that an operator drains is released for that, unless its whole host is. */
function mayBeReleased(host: HostState, slot: SlotState): boolean {
  return isHeld(slot) || (slot.status === 'assigned' && (slot.setAside === null || host.drain !== null));
}

/** Whether a host has the http edge that it is to have, and none that it is not to have. */
export function isHttpPlaced(host: HostState, spec: FarmSpec): boolean {
  const slot = host.slots[edgeName(HTTP_EDGE)];
  const isThere = slot?.status === 'assigned';
  if (slot?.setAside) return !isThere;
  const hasStreams = assignedSlots(host, 'stream').length + heldSlots(host).length > 0;
  const isWanted = spec.edges.http === 1 && hasStreams;
  return isClosed(host) && !isThere ? true : isThere === isWanted;
}
