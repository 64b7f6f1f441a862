import { type EdgeStatus, edgeName } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { type FarmState, type HostState, hostsOf, slotsOf } from './farm-state.js';
import { currentPod, type Observed, observedHost } from './observation.js';

/**
 * A log that was begun anew for edges that ran already: what a host reports when this log first hears of it is the farm's, at
 * its generation. One host at a time, so that it lands whole. Whatever shows up there later is nobody's, as in any other farm.
 */
export function planAdoption(state: FarmState, observed: Observed, term: number): DecisionDraft[] {
  if (!state.farm?.adopted) return [];
  for (const host of hostsOf(state)) {
    if (slotsOf(host).length > 0) continue;
    const pod = currentPod(host, observedHost(observed, host.host), term);
    if (pod === null || pod.edges.length === 0) continue;
    return newestOfSlots(pod.edges).map((edge) => adopted(host, edge));
  }
  return [];
}

/** While one edge of a slot replaces another, the pod reports both. */
function newestOfSlots(edges: readonly EdgeStatus[]): EdgeStatus[] {
  const newest = new Map<string, EdgeStatus>();
  for (const edge of edges) {
    const other = newest.get(edgeName(edge));
    if (!other || edge.generation > other.generation) newest.set(edgeName(edge), edge);
  }
  return [...newest.values()];
}

function adopted(host: HostState, edge: EdgeStatus): DecisionDraft {
  const { role, slot, generation, engine, conf, ports, origins } = edge;
  return {
    ...{ type: 'edge-adopted', host: host.host, role, slot, generation, engine, ports, origins: [...origins] },
    ...(conf !== undefined && { conf }),
    causationId: host.joined.entryId,
  };
}
