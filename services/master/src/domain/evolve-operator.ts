import type { OperatorEnvelope, OperatorEvent } from '@dolphin/protocol';
import { ignored, isForeign, never, refOf, withHost } from './evolve-steps.js';
import type { FarmState } from './farm-state.js';

/** What was asked of the farm. */
export function evolveOperator(start: FarmState, envelope: OperatorEnvelope, sequence: number): FarmState {
  let state = start;
  for (const entry of envelope.entries) {
    // The first one counts: a second would be another farm in the same log.
    const isOurs = entry.type === 'farm-created' ? state.farm === null : !isForeign(state, envelope);
    state = isOurs ? asked(state, entry, sequence, envelope.at) : ignored(state);
  }
  return state;
}

function asked(state: FarmState, entry: OperatorEvent, sequence: number, at: string): FarmState {
  const ref = refOf(entry, sequence);
  switch (entry.type) {
    case 'farm-created':
      return { ...state, farm: { farm: entry.farm, farmId: entry.farmId } };
    case 'farm-applied':
      return { ...state, spec: { version: entry.specVersion, spec: entry.spec, applied: ref } };
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
      return { ...state, hosts, lastMove: ref };
    }
    case 'farm-imported':
    case 'edge-restart-asked':
    case 'edge-kill-asked':
    case 'edge-drain-asked':
    case 'edge-undrain-asked':
      // History: nothing follows from these yet.
      return state;
    default:
      return never(entry);
  }
}
