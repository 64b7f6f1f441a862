import { type EdgeStatus, edgeName } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { type FarmState, type HostState, hostsOf, slotsOf } from './farm-state.js';
import { currentPod, type Observed, observedHost } from './observation.js';

/** As many decisions as a leader appends at once. */
const MOST_AT_ONCE = 400;

/**
 * A log that was begun anew for edges that ran already: what a host reports when this log first hears of it is the farm's, at
 * its generation. Hosts land whole, as many as one message of decisions takes. Whatever shows up there later is nobody's, as in any other farm.
 */
export function planAdoption(state: FarmState, observed: Observed, term: number): DecisionDraft[] {
  if (!state.farm?.adopted) return [];
  const decisions: DecisionDraft[] = [];
  for (const host of hostsOf(state)) {
    if (slotsOf(host).length > 0) continue;
    const edges = newestOfSlots(currentPod(host, observedHost(observed, host.host), term)?.edges ?? []);
    if (decisions.length > 0 && decisions.length + edges.length > MOST_AT_ONCE) break;
    decisions.push(...edges.map((edge) => adopted(host, edge)));
  }
  return decisions;
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
