import { edgeName, type FarmSpec, hasViewers } from '@dolphin/protocol';
import { differingFields } from './definition.js';
import { type HostState, isClosed, isHeld, type SlotState, slotsOf } from './farm-state.js';
import { isUnknown, type ObservedHost, reportedEdge } from './observation.js';

/** Stream edges in the order in which they would go: the fewest viewers first, of as many the highest slot. */
export function departureOrder(slots: readonly SlotState[], seen: ObservedHost): SlotState[] {
  return [...slots].sort((a, b) => clientsOf(a, seen) - clientsOf(b, seen) || b.slot - a.slot);
}

/** Edges that still serve, though they were told to go: it can be taken back as long as they are what is asked for now. */
export function keepable(host: HostState, seen: ObservedHost, spec: FarmSpec): SlotState[] {
  const backSource = host.slots[edgeName({ role: 'back-source', slot: 0 })];
  return slotsOf(host).filter((slot) => {
    if (!hasViewers(slot.role) || slot.status !== 'released' || slot.drainMs === 0) return false;
    if (slot.setAside !== null) return false;
    const isAsAsked = backSource?.status === 'assigned' && differingFields(slot, spec, host).length === 0;
    return isAsAsked && isServing(slot, seen);
  });
}

/** Stream edges that go only because they or their host were drained, which is taken back. */
export function recoverable(host: HostState, seen: ObservedHost, spec: FarmSpec): SlotState[] {
  const streams = isClosed(host) ? [] : keepable(host, seen, spec).filter(({ role }) => role === 'stream');
  return streams.filter((slot) => slot.forDrain !== null && !isHeld(slot));
}

/** Those that drain with another deadline than the drain of their host asks for. */
export function drainedOtherwise(host: HostState, seen: ObservedHost): SlotState[] {
  const { drain } = host;
  if (drain === null) return [];
  return slotsOf(host).filter(
    (slot) =>
      slot.status === 'released' && slot.drainMs > 0 && slot.forDrain !== drain.asked.entryId && isThere(slot, seen),
  );
}

/** A back source from which only edges pull that wait for their clients: it goes with the last of them, as it is. */
export function isOutgoing(host: HostState, slot: SlotState, seen: ObservedHost): boolean {
  if (slot.role !== 'back-source') return false;
  const others = slotsOf(host).filter(({ role }) => hasViewers(role));
  if (others.some((one) => one.status === 'assigned' || isHeld(one))) return false;
  return others.some((one) => isLeaving(one, seen));
}

/** It waits for its clients: nobody knows for how long. */
export function isLeaving(slot: SlotState | undefined, seen: ObservedHost): boolean {
  return slot?.status === 'released' && slot.drainMs > 0 && isThere(slot, seen);
}

/** It, or the generation before, which drains for it. */
function isThere(slot: SlotState, seen: ObservedHost): boolean {
  const reported = reportedEdge(seen.pod, edgeName(slot));
  if (reported === undefined || isUnknown(slot, reported)) return false;
  return reported.state === 'ready' || reported.state === 'draining';
}

function isServing(slot: SlotState, seen: ObservedHost): boolean {
  const reported = reportedEdge(seen.pod, edgeName(slot));
  if (reported?.generation !== slot.generation) return false;
  return reported.state === 'ready' || reported.state === 'draining';
}

function clientsOf(slot: SlotState, seen: ObservedHost): number {
  return reportedEdge(seen.pod, edgeName(slot))?.clients ?? 0;
}
