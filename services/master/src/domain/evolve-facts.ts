import { edgeName, type Fact, type FactEnvelope } from '@dolphin/protocol';
import { ignored, isForeign, never, refOf, withHost, withoutMarks, withSlot } from './evolve-steps.js';
import { type EntryRef, type FarmState, type HostState, type SlotState, slotsOf } from './farm-state.js';
import { withOriginReach } from './origin-reach.js';
import { isCommandOf } from './planned-command.js';
import { sameJson } from './same-json.js';

/** What happened on a host, as its worker says. */
export function evolveFacts(start: FarmState, envelope: FactEnvelope, sequence: number): FarmState {
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
        ...(entry.address !== undefined && { address: entry.address }),
        labels: entry.labels ?? {},
        capacity: entry.capacity ?? null,
        cordoned: before?.cordoned ?? null,
        drain: before?.drain ?? null,
        slots: before?.slots ?? {},
        ...(entry.engines && { engines: entry.engines }),
        ...(entry.confs && { confs: entry.confs }),
      };
      const isMoved = before && !(before.capacity === host.capacity && sameJson(before.labels, host.labels));
      const lastMove = isMoved ? refOf(entry, sequence) : state.lastMove;
      return withOriginReach({ ...state, lastMove, hosts: { ...state.hosts, [name]: host } });
    }
    case 'pod-started':
      return withHost(state, name, (host) => ({ ...host, rtmp: entry.rtmp, http: entry.http }));
    case 'edge-ready':
      return withCurrentSlot(state, name, entry, (slot) =>
        slot.gaveUpInARow === 0 ? slot : { ...slot, gaveUpInARow: 0 },
      );
    case 'edge-gave-up':
      return withCurrentSlot(state, name, entry, (slot) => ({ ...slot, gaveUpInARow: slot.gaveUpInARow + 1 }));
    case 'host-left': {
      const left = withHost(state, name, (host) => withoutEdges(host, refOf(entry, sequence)));
      return left.ignored === state.ignored ? withOriginReach({ ...left, lastMove: refOf(entry, sequence) }) : left;
    }
    case 'edge-started':
      return withCurrentSlot(state, name, entry, (slot) => (slot.refusal ? { ...slot, refusal: null } : slot));
    case 'command-refused':
      return withHost(state, name, (host) => {
        const slot = slotsOf(host).find(({ decided }) => isCommandOf(entry.commandId, decided.entryId));
        if (slot?.status !== 'assigned') return host;
        return withSlot(host, { ...slot, refusal: { code: entry.code, message: entry.message } });
      });
    case 'edge-start-failed':
    case 'edge-unhealthy':
    case 'edge-exited':
    case 'edge-removed':
    case 'edge-draining':
    case 'edge-drained':
    case 'edge-undrained':
    case 'edge-replace-failed':
    case 'pod-exited':
    case 'happenings-lost':
      // History: what is so now stands in the heartbeats.
      return state;
    default:
      return never(entry);
  }
}

/** Its edges ended before it said that it left: what is to be there again comes as higher generations. */
function withoutEdges(host: HostState, decided: EntryRef): HostState {
  let gone: HostState = { ...host, liveness: 'lost', hasLeft: true };
  for (const slot of slotsOf(host)) {
    if (slot.status === 'assigned') gone = withSlot(gone, { ...slot, status: 'released', decided });
  }
  return withoutMarks(gone);
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
