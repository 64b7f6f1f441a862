import type { OperatorEnvelope } from '@dolphin/protocol';
import { ignored, isForeign, never, refOf } from './evolve-steps.js';
import type { FarmState } from './farm-state.js';

/** What was asked of the farm. */
export function evolveOperator(start: FarmState, envelope: OperatorEnvelope, sequence: number): FarmState {
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
      case 'farm-imported':
      case 'host-cordoned':
      case 'host-uncordoned':
      case 'host-drain-asked':
      case 'host-undrain-asked':
      case 'host-removed':
      case 'edge-restart-asked':
      case 'edge-kill-asked':
      case 'edge-drain-asked':
      case 'edge-undrain-asked':
        // History: nothing follows from these yet.
        if (isForeign(state, envelope)) state = ignored(state);
        break;
      default:
        never(entry);
    }
  }
  return state;
}
