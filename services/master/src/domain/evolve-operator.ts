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
      default:
        never(entry);
    }
  }
  return state;
}
