import { DolphinError, type EdgeKey, edgeName, hasViewers } from '@dolphin/protocol';
import { type HostState, isEndable, isHeld, type SlotState } from './farm-state.js';

/** The edge of this place that runs, or is to. Throws E_NOT_FOUND. */
export function assignedEdge(host: HostState, key: EdgeKey): SlotState {
  const slot = host.slots[edgeName(key)];
  if (slot?.status !== 'assigned') throw notFound(host, key);
  return slot;
}

/** The same, or one that waits for its clients, whatever for. Throws E_NOT_FOUND. */
export function endableEdge(host: HostState, key: EdgeKey): SlotState {
  const slot = host.slots[edgeName(key)];
  if (!slot || !isEndable(slot)) throw notFound(host, key);
  return slot;
}

/**
 * One that is to be there: also while it is changed, or when an operator drains or drained it, and its slot is empty. Throws
 * E_NOT_FOUND.
 */
export function knownEdge(host: HostState, key: EdgeKey): SlotState {
  const slot = host.slots[edgeName(key)];
  if (!slot || (slot.status !== 'assigned' && !isHeld(slot) && slot.setAside === null)) throw notFound(host, key);
  return slot;
}

/** Throws E_UNSUPPORTED. */
export function checkDrainable(key: EdgeKey): void {
  if (hasViewers(key.role)) return;
  const why = 'its clients are the other edges of its host: drain the host';
  throw new DolphinError('E_UNSUPPORTED', { what: `a drain of ${edgeName(key)}`, why });
}

function notFound({ host }: HostState, key: EdgeKey): DolphinError {
  return new DolphinError('E_NOT_FOUND', { what: `${edgeName(key)} of ${host}` });
}
