import { type Decision, edgeName } from '@dolphin/protocol';
import { never, withHost, withoutMarks, withSlot } from './evolve-steps.js';
import { type FarmState, hostsOf, type UpdateState } from './farm-state.js';

type UpdateDecision = Extract<
  Decision,
  { type: 'update-started' | 'update-step' | 'update-edge-failed' | 'update-stopped' | 'update-finished' }
>;

/** How a rolling change goes on. What is in its hand is marked in the slots: see SlotState.changing. */
export function evolveUpdate(state: FarmState, entry: UpdateDecision): FarmState {
  const { specVersion } = entry;
  const update = state.update?.specVersion === specVersion ? state.update : null;
  switch (entry.type) {
    case 'update-started': {
      const started = { specVersion, state: 'running', edges: entry.edges, step: 0, failed: 0, why: null } as const;
      return { ...state, update: started };
    }
    case 'update-step':
      // Those of the step before are done, or in this one again.
      return entry.edges.reduce(
        (all, edge) =>
          withHost(all, edge.host, (host) => {
            const slot = host.slots[edgeName(edge)];
            const isMeant = slot !== undefined && slot.generation >= edge.generation;
            return isMeant ? withSlot(host, { ...slot, changing: specVersion }) : host;
          }),
        withUpdate(unmarked(state), update && { ...update, step: entry.step }),
      );
    case 'update-edge-failed':
      return withUpdate(state, update && { ...update, failed: update.failed + 1 });
    case 'update-stopped':
      return withUpdate(state, update && { ...update, state: 'stopped', why: entry.why });
    case 'update-finished':
      return withUpdate(unmarked(state), update && { ...update, state: 'finished' });
    default:
      return never(entry);
  }
}

function withUpdate(state: FarmState, update: UpdateState | null): FarmState {
  return update === null ? state : { ...state, update };
}

function unmarked(state: FarmState): FarmState {
  return { ...state, hosts: Object.fromEntries(hostsOf(state).map((host) => [host.host, withoutMarks(host)])) };
}
