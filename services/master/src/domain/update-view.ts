import type { UpdateView } from '@dolphin/protocol';
import type { FarmState } from './farm-state.js';
import type { Observed } from './observation.js';
import { unsettledEdges } from './update-plan.js';

/** How far the newest rolling change is; null: there was none. */
export function updateView(state: FarmState, observed: Observed): UpdateView | null {
  const { update } = state;
  if (!update) return null;
  const { specVersion, edges, failed, why } = update;
  const left = update.state === 'finished' ? 0 : unsettledEdges(state, observed).length;
  return {
    ...{ specVersion, state: update.state, edges, done: Math.max(0, edges - left) },
    ...(failed > 0 && { failed }),
    ...(why !== null && { why }),
  };
}
