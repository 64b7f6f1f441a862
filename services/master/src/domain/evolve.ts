import {
  type Decision,
  type DecisionEnvelope,
  edgeName,
  type Fact,
  type FactEnvelope,
  type LogEntry,
  type LogEnvelope,
  type OperatorEnvelope,
} from '@dolphin/protocol';
import type { EntryRef, FarmState, HostState, SlotState } from './farm-state.js';

/** What the fold needs of a stored envelope. */
export interface Stored {
  readonly sequence: number;
  readonly envelope: LogEnvelope;
}

/** The next state. Total: whatever an envelope says, it gives a state, with `sequence` advanced. */
export function evolve(state: FarmState, { sequence, envelope }: Stored): FarmState {
  const next: FarmState = { ...state, sequence };
  switch (envelope.kind) {
    case 'operator':
      return operator({ ...next, operatorSequence: sequence }, envelope, sequence);
    case 'decisions':
      return decisions({ ...next, decisionsSequence: sequence }, envelope, sequence);
    case 'facts':
      return facts(next, envelope, sequence);
    default:
      return never(envelope);
  }
}

/** An entry that cannot be decoded: the sequences go on, so that the guard still holds. */
export function evolveUnreadable(
  state: FarmState,
  entry: { sequence: number; why: string; on: 'operator' | 'decisions' | 'other' },
): FarmState {
  const { sequence, why, on } = entry;
  return {
    ...state,
    sequence,
    ...(on === 'operator' && { operatorSequence: sequence }),
    ...(on === 'decisions' && { decisionsSequence: sequence }),
    unreadable: state.unreadable ?? { sequence, why },
  };
}

function operator(start: FarmState, envelope: OperatorEnvelope, sequence: number): FarmState {
  let state = start;
  for (const entry of envelope.entries) {
    switch (entry.type) {
      case 'farm-created':
        // The first one counts: a second would be another farm in the same log.
        state = state.farm ? ignored(state) : { ...state, farm: { farm: entry.farm, farmId: entry.farmId } };
        break;
      case 'farm-applied':
        state = isForeign(state, envelope)
          ? ignored(state)
          : { ...state, spec: { version: entry.specVersion, spec: entry.spec, applied: refOf(entry, sequence) } };
        break;
      default:
        never(entry);
    }
  }
  return state;
}

function decisions(start: FarmState, envelope: DecisionEnvelope, sequence: number): FarmState {
  if (isForeign(start, envelope) || envelope.term < (start.leader?.term ?? 0)) return ignored(start);
  let state = start;
  for (const entry of envelope.entries) state = decision(state, entry, sequence);
  return state;
}

function decision(state: FarmState, entry: Decision, sequence: number): FarmState {
  const ref = refOf(entry, sequence);
  switch (entry.type) {
    case 'leader-elected':
      return { ...state, leader: { master: entry.master, term: entry.term, elected: ref } };
    case 'edge-assigned':
      return withHost(state, entry.host, (host) => {
        const before = host.slots[edgeName(entry)];
        if (before && entry.generation <= before.generation) return host;
        return withSlot(host, {
          role: entry.role,
          slot: entry.slot,
          generation: entry.generation,
          engine: entry.engine,
          ports: entry.ports,
          origins: entry.origins,
          status: 'assigned',
          decided: ref,
          gaveUpInARow: before?.status === 'assigned' ? before.gaveUpInARow : 0,
        });
      });
    case 'edge-released':
      return withHost(state, entry.host, (host) => {
        const before = host.slots[edgeName(entry)];
        if (before?.generation !== entry.generation) return host;
        return withSlot(host, { ...before, status: 'released', decided: ref });
      });
    case 'host-unmanaged':
      return withHost(state, entry.host, (host) => ({ ...host, liveness: 'unmanaged' }));
    case 'host-lost':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => ({ ...host, liveness: 'lost' }));
    case 'host-returned':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => ({ ...host, liveness: 'up' }));
    case 'placement-short':
      return {
        ...state,
        short: { specVersion: state.spec?.version ?? 0, asked: entry.asked, placed: entry.placed },
      };
    default:
      return never(entry);
  }
}

function facts(start: FarmState, envelope: FactEnvelope, sequence: number): FarmState {
  if (isForeign(start, envelope)) return ignored(start);
  let state = start;
  for (const entry of envelope.entries) state = fact(state, envelope.host, entry, sequence);
  return state;
}

function fact(state: FarmState, name: string, entry: Fact, sequence: number): FarmState {
  switch (entry.type) {
    case 'host-joined': {
      const before = state.hosts[name];
      if (before && entry.epoch < before.epoch) return ignored(state);
      const host: HostState = {
        host: name,
        epoch: entry.epoch,
        joined: before?.joined ?? refOf(entry, sequence),
        rtmp: entry.rtmp,
        http: entry.http,
        liveness: before?.liveness ?? 'up',
        slots: before?.slots ?? {},
      };
      return { ...state, hosts: { ...state.hosts, [name]: host } };
    }
    case 'pod-started':
      return withHost(state, name, (host) => ({ ...host, rtmp: entry.rtmp, http: entry.http }));
    case 'edge-ready':
      return withCurrentSlot(state, name, entry, (slot) =>
        slot.gaveUpInARow === 0 ? slot : { ...slot, gaveUpInARow: 0 },
      );
    case 'edge-gave-up':
      return withCurrentSlot(state, name, entry, (slot) => ({ ...slot, gaveUpInARow: slot.gaveUpInARow + 1 }));
    case 'edge-started':
    case 'edge-start-failed':
    case 'edge-unhealthy':
    case 'edge-exited':
    case 'edge-removed':
    case 'edge-draining':
    case 'edge-drained':
    case 'edge-undrained':
    case 'edge-replace-failed':
    case 'host-left':
    case 'pod-exited':
    case 'command-refused':
    case 'happenings-lost':
      // History: what is so now stands in the heartbeats.
      return state;
    default:
      return never(entry);
  }
}

function isForeign(state: FarmState, envelope: { farmId: string }): boolean {
  return state.farm?.farmId !== envelope.farmId;
}

function ignored(state: FarmState): FarmState {
  return { ...state, ignored: state.ignored + 1 };
}

function refOf(entry: LogEntry, sequence: number): EntryRef {
  return { sequence, entryId: entry.id, correlationId: entry.correlationId ?? null };
}

function withHost(state: FarmState, name: string, change: (host: HostState) => HostState): FarmState {
  const host = Object.hasOwn(state.hosts, name) ? state.hosts[name] : undefined;
  // A decision about a host that never joined: nothing could have been placed there.
  if (!host) return ignored(state);
  const changed = change(host);
  return changed === host ? state : { ...state, hosts: { ...state.hosts, [name]: changed } };
}

function withSlot(host: HostState, slot: SlotState): HostState {
  return { ...host, slots: { ...host.slots, [edgeName(slot)]: slot } };
}

/** Facts arrive late: those about an older generation say nothing about the slot as it is now. */
function withCurrentSlot(
  state: FarmState,
  name: string,
  about: { role: SlotState['role']; slot: number; generation: number },
  change: (slot: SlotState) => SlotState,
): FarmState {
  return withHost(state, name, (host) => {
    const slot = host.slots[edgeName(about)];
    if (slot?.generation !== about.generation) return host;
    const changed = change(slot);
    return changed === slot ? host : withSlot(host, changed);
  });
}

function never(value: never): never {
  throw new TypeError(`no such entry: ${JSON.stringify(value)}`);
}
