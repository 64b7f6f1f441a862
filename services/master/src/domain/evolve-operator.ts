import {
  type EdgeKey,
  edgeName,
  MAX_SPEC_VERSIONS,
  type OperatorEnvelope,
  type OperatorEvent,
  type SpecVersion,
} from '@dolphin/protocol';
import { ignored, isForeign, never, refOf, withHost, withSlot } from './evolve-steps.js';
import { type DrainAsk, type FarmState, type HostState, isEndable } from './farm-state.js';
import { withOriginReach } from './origin-reach.js';

/** Of the envelope in the log; `at`: the server's stored time. */
interface Place {
  readonly sequence: number;
  readonly at: string;
}

/** What was asked of the farm. */
export function evolveOperator(start: FarmState, envelope: OperatorEnvelope, stored: Place): FarmState {
  let state = start;
  for (const entry of envelope.entries) {
    // The first one counts: a second would be another farm in the same log.
    const isOurs = entry.type === 'farm-created' ? state.farm === null : !isForeign(state, envelope);
    state = isOurs ? asked(state, entry, stored) : ignored(state);
  }
  return state;
}

function asked(state: FarmState, entry: OperatorEvent, { sequence, at }: Place): FarmState {
  const ref = refOf(entry, sequence);
  switch (entry.type) {
    case 'farm-created':
      return {
        ...state,
        farm: { farm: entry.farm, farmId: entry.farmId, ...(entry.adopted && { adopted: true }) },
      };
    case 'farm-applied':
      return withOriginReach({
        ...state,
        spec: { version: entry.specVersion, spec: entry.spec, applied: ref },
        specs: [...state.specs, versionOf(entry, sequence, at)].slice(-MAX_SPEC_VERSIONS),
        // What it had in hand stays marked: whatever is asked now, that is brought to an end first.
        update: state.update?.state === 'finished' ? state.update : null,
      });
    case 'host-cordoned':
      return withHost(state, entry.host, (host) => ({ ...host, cordoned: host.cordoned ?? ref }));
    case 'host-uncordoned':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => ({ ...host, cordoned: null }));
    case 'host-drain-asked':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => ({
        ...host,
        cordoned: host.cordoned ?? ref,
        drain: { asked: ref, at, deadlineMs: entry.deadlineMs },
      }));
    case 'host-undrain-asked':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => ({ ...host, cordoned: null, drain: null }));
    case 'host-removed': {
      if (!Object.hasOwn(state.hosts, entry.host)) return ignored(state);
      const { [entry.host]: _, ...hosts } = state.hosts;
      return withOriginReach({ ...state, hosts, lastMove: ref });
    }
    case 'edge-kill-asked':
      return withHost(state, entry.host, (host) => {
        const slot = host.slots[edgeName(entry)];
        if (!slot || !isEndable(slot) || slot.generation !== entry.generation) return host;
        return withSlot(host, { ...slot, killAsked: slot.killAsked ?? ref });
      });
    case 'edge-restart-asked':
      return withHost(state, entry.host, (host) => {
        const slot = host.slots[edgeName(entry)];
        if (slot?.status !== 'assigned' || slot.generation !== entry.generation) return host;
        return withSlot(host, { ...slot, restartAsked: { asked: ref, deadlineMs: entry.deadlineMs } });
      });
    case 'edge-drain-asked':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) =>
        withAside(host, entry, { asked: ref, deadlineMs: entry.deadlineMs }),
      );
    case 'edge-undrain-asked':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => withAside(host, entry, null));
    case 'farm-imported':
      // History: nothing follows from these yet.
      return state;
    default:
      return never(entry);
  }
}

/** Of the slot: a leader may have made another generation of it meanwhile, and that one is not to serve either. */
function withAside(host: HostState, key: EdgeKey, setAside: DrainAsk | null): HostState {
  const slot = host.slots[edgeName(key)];
  return slot ? withSlot(host, { ...slot, setAside }) : host;
}

function versionOf(entry: Extract<OperatorEvent, { type: 'farm-applied' }>, sequence: number, at: string): SpecVersion {
  const { specVersion: version, spec, who, why, rollbackOf } = entry;
  return {
    ...{ version, sequence, at, who, spec },
    ...(why !== undefined && { why }),
    ...(rollbackOf !== undefined && { rollbackOf }),
  };
}
