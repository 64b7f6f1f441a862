import {
  type EdgeStatus,
  edgeName,
  type FarmSpec,
  MAX_TEXT_CHARS,
  type PlanAnswer,
  type PlannedStep,
} from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { type Definition, type DefinitionField, definitionOf, differingFields } from './definition.js';
import { evolveDecision } from './evolve-decisions.js';
import { type FarmState, hostsOf, type SlotState, slotsOf } from './farm-state.js';
import { isUnknown, lifeOf, type Observed, type ObservedHost, observedHost, reportedEdge } from './observation.js';
import { withOriginReach } from './origin-reach.js';
import { planPlacement } from './reconcile.js';
import { specDifferences } from './spec-diff.js';
import { unsettledEdges } from './update-plan.js';
import { inOrder } from './update-step.js';

/** Placement comes to rest in three rounds: stream edges away, their back source away, others in their place. */
const MAX_ROUNDS = 8;

/**
 * What an apply of this specification would do now, if nothing else happened: the leader's own rules, carried out on a farm
 * whose hosts obey at once. Any master can tell.
 */
export function planView(state: FarmState, observed: Observed, spec: FarmSpec): PlanAnswer {
  const term = state.leader?.term ?? 0;
  const specVersion = state.spec?.version ?? 0;
  const applied = { sequence: state.sequence + 1, entryId: 'plan', correlationId: null };
  let planned = withOriginReach({ ...state, spec: { version: specVersion + 1, spec, applied } });
  let seen = asLeaderSees(planned, observed, term);
  const steps: PlannedStep[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const decisions = planPlacement(planned, seen, term).filter(isAboutEdge);
    if (decisions.length === 0) break;
    for (const decision of decisions) {
      steps.push(stepOf(decision));
      planned = evolveDecision(planned, { ...decision, id: 'plan' }, planned.sequence + 1);
    }
    seen = asObeyed(planned, seen);
  }
  steps.push(...updates(planned, seen, spec));
  return { specVersion, differences: specDifferences(state.spec?.spec ?? null, spec), steps };
}

/** What runs then and is something else is changed after that, in the order in which a rolling change takes it. */
function updates(planned: FarmState, seen: Observed, spec: FarmSpec): PlannedStep[] {
  return inOrder(unsettledEdges(planned, seen)).map(({ host, slot }) => {
    const changes = differingFields(slot, spec, host).map((field) => {
      const was = fieldWords(slot[field]);
      return `${field} ${was} → ${fieldWords(definitionOf(spec, host, slot)[field])}`;
    });
    const why = (changes.join('; ') || 'it is being changed').slice(0, MAX_TEXT_CHARS);
    return { action: 'update', host: host.host, role: slot.role, slot: slot.slot, why };
  });
}

function fieldWords(value: Definition[DefinitionField]): string {
  if (value === undefined) return "the host's own";
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.join(', ');
  return Object.values(value).join(' ');
}

type AboutEdge = Extract<DecisionDraft, { type: 'edge-assigned' | 'edge-released' | 'edge-kept' }>;

function isAboutEdge(decision: DecisionDraft): decision is AboutEdge {
  return decision.type === 'edge-assigned' || decision.type === 'edge-released' || decision.type === 'edge-kept';
}

function stepOf(decision: AboutEdge): PlannedStep {
  const { host, role, slot } = decision;
  const action = decision.type === 'edge-released' ? 'release' : 'assign';
  const why = decision.type === 'edge-assigned' ? 'the specification asks for it' : decision.why;
  return { action, host, role, slot, why };
}

/** Each host that is heard counts as adopted: only its leader asks for that. */
function asLeaderSees(state: FarmState, observed: Observed, term: number): Observed {
  const hosts = hostsOf(state).map((host): [string, ObservedHost] => {
    const seen = observedHost(observed, host.host);
    const adopted = seen.pod === null ? seen.adopted : { term, epoch: lifeOf(host, seen) };
    return [host.host, { ...seen, adopted, pod: seen.pod && { ...seen.pod, term } }];
  });
  return { ...observed, hosts: Object.fromEntries(hosts) };
}

/** Each host runs what was decided for it, and what the log does not know. */
function asObeyed(state: FarmState, observed: Observed): Observed {
  const hosts = hostsOf(state).map((host): [string, ObservedHost] => {
    const seen = observedHost(observed, host.host);
    if (seen.pod === null) return [host.host, seen];
    const unknown = seen.pod.edges.filter((edge) => isUnknown(host.slots[edgeName(edge)], edge));
    const assigned = slotsOf(host).filter((slot) => slot.status === 'assigned');
    const edges = [...unknown, ...assigned.map((slot) => runningOn(slot, seen))];
    return [host.host, { ...seen, sent: {}, pod: { ...seen.pod, edges } }];
  });
  return { ...observed, hosts: Object.fromEntries(hosts) };
}

function runningOn(slot: SlotState, seen: ObservedHost): EdgeStatus {
  const { role, slot: number, generation, engine, conf, ports, origins, decided } = slot;
  const none = { clients: 0, kbitPerS: 0, sentBytes: 0, cpuPercent: 0, rssBytes: 0, restarts: 0, uptimeMs: 0 };
  const before = reportedEdge(seen.pod, edgeName(slot));
  const what = { role, slot: number, generation, engine, ...(conf && { conf }), ports, origins: [...origins] };
  const accepted = { term: seen.pod?.term ?? 0, sequence: decided.sequence };
  return { ...none, pid: null, transport: 'none', ...before, ...what, ...accepted, state: 'ready' };
}
