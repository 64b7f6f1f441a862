import { edgeName, type LogEntry } from '@dolphin/protocol';
import type { EntryRef, FarmState, HostState, SlotState } from './farm-state.js';

/** The small steps that the folds of all three kinds of entry are made of. */

export function isForeign(state: FarmState, envelope: { farmId: string }): boolean {
  return state.farm?.farmId !== envelope.farmId;
}

export function ignored(state: FarmState): FarmState {
  return { ...state, ignored: state.ignored + 1 };
}

export function refOf(entry: LogEntry, sequence: number): EntryRef {
  return { sequence, entryId: entry.id, correlationId: entry.correlationId ?? null };
}

export function withHost(state: FarmState, name: string, change: (host: HostState) => HostState): FarmState {
  const host = Object.hasOwn(state.hosts, name) ? state.hosts[name] : undefined;
  // A decision about a host that never joined: nothing could have been placed there.
  if (!host) return ignored(state);
  const changed = change(host);
  return changed === host ? state : { ...state, hosts: { ...state.hosts, [name]: changed } };
}

export function withSlot(host: HostState, slot: SlotState): HostState {
  return { ...host, slots: { ...host.slots, [edgeName(slot)]: slot } };
}

/** Nothing of it is in the hand of a rolling change any more. */
export function withoutMarks(host: HostState): HostState {
  const marked = Object.values(host.slots).filter(({ changing }) => changing !== null);
  return marked.reduce((all, slot) => withSlot(all, { ...slot, changing: null }), host);
}

export function never(value: never): never {
  throw new TypeError(`no such entry: ${JSON.stringify(value)}`);
}
