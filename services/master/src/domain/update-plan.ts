import { edgeName, type FarmSpec, hasViewers, UpdatePolicy } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { type DefinitionField, definitionOf, differingFields } from './definition.js';
import { isLeaving, isOutgoing } from './departures.js';
import { type FarmState, type HostState, hostsOf, isHeld, type SlotState, slotsOf } from './farm-state.js';
import { isUnknown, type Observed, observedHost, reportedEdge } from './observation.js';
import type { Site } from './placement.js';
import { DRAIN_DEADLINE_MS } from './timing.js';
import { judgeChange } from './update-rules.js';
import { type Candidate, chooseStep, goesAtOnce, inOrder, viewersAt } from './update-step.js';

const DEFAULT_POLICY = UpdatePolicy.parse({});

/** An edge that is not (yet, or surely) what the specification asks for. */
interface Unsettled extends Candidate {
  readonly fields: readonly DefinitionField[];
}

/**
 * Edges that a rolling change still has to do with. Those of hosts that are gone, emptied, leaving, or where nobody can do anything
 * now are not waited for: what they have is changed when they are back. A back source that nobody is to pull from ends as it is.
 */
export function unsettledEdges(state: FarmState, observed: Observed): Unsettled[] {
  const { spec } = state.spec ?? {};
  if (spec === undefined) return [];
  return hostsOf(state).flatMap((host) => {
    const seen = observedHost(observed, host.host);
    if (host.liveness !== 'up' || host.drain !== null || seen.isLeaving) return [];
    return slotsOf(host).flatMap((slot) => {
      // It is to be there no more: it comes as what is asked for when it is taken back.
      if (slot.setAside !== null || isOutgoing(host, slot, seen)) return [];
      const fields = slot.status === 'assigned' ? differingFields(slot, spec, host) : [];
      return slot.changing !== null || fields.length > 0 ? [{ host, seen, slot, fields }] : [];
    });
  });
}

/**
 * What a rolling change does next: begins, takes the next edges in hand, stops or ends. Which edges are changed already
 * is read from their definitions, so that whoever leads goes on where another one ended. Called when placement is at rest.
 */
export function planUpdate(state: FarmState, observed: Observed, sites: readonly Site[], now: number): DecisionDraft[] {
  if (!state.spec) return [];
  const { spec, version: specVersion, applied } = state.spec;
  const cause = { causationId: applied.entryId, correlationId: applied.correlationId ?? applied.entryId };
  const update = state.update?.specVersion === specVersion ? state.update : null;
  const edges = unsettledEdges(state, observed);
  if (update?.state === 'stopped') return [];
  if (update?.state !== 'running') {
    if (edges.length === 0) return [];
    const fields = [...new Set(edges.flatMap((edge) => edge.fields))].sort();
    return [{ type: 'update-started', specVersion, edges: edges.length, fields, ...cause }];
  }

  const policy = spec.update ?? DEFAULT_POLICY;
  const judged = edges
    .filter(({ slot }) => slot.changing !== null)
    .map((edge) => ({ edge, ...judgeChange(edge, { spec, specVersion, policy, now }) }));
  const failed = judged.filter(({ verdict }) => verdict === 'failed');
  const stop = (why: string): DecisionDraft[] => [{ type: 'update-stopped', specVersion, why, ...cause }];
  if (failed[0] && policy.onFailure === 'stop') return stop(`${placeOf(failed[0].edge)}: ${failed[0].why}`);
  if (judged.some(({ verdict }) => verdict === 'waiting')) return [];

  // Each is told of once: the next step, or the end, takes them out of hand.
  const told = failed.map(({ edge, why }) => edgeFailed(edge, specVersion, why, cause));
  const left = [
    ...judged.filter(({ verdict }) => verdict === 'again').map(({ edge }) => edge),
    ...edges.filter(({ slot }) => slot.changing === null),
  ];
  if (left.length === 0) return [...told, { type: 'update-finished', specVersion, ...cause }];
  const open = new Set(sites.filter(({ standing }) => standing === 'open').map(({ host }) => host.host));
  const candidates = inOrder(left.filter((edge) => open.has(edge.host.host) && isOurs(edge) && !isStillUsed(edge)));
  const viewers = hostsOf(state).reduce((sum, host) => sum + viewersAt(observedHost(observed, host.host)), 0);
  const step = chooseStep(candidates, policy, viewers);
  // All that are left are where nobody can or may change anything now.
  if (step.length === 0) return [];
  const missing = step.map((edge) => missingAt(edge.host, spec)).find((what) => what !== null);
  if (missing) return [...told, ...stop(missing)];
  return [
    ...told,
    ...step.map((edge) => change(edge, spec, specVersion, cause)),
    {
      ...{ type: 'update-step', specVersion, step: update.step + 1, ...cause },
      edges: step.map(({ host, slot }) => ({ host: host.host, ...keyOf(slot) })),
    },
  ];
}

/** Not if its host reports one that the log does not know: that one is left alone. */
function isOurs({ slot, seen }: Candidate): boolean {
  const reported = reportedEdge(seen.pod, edgeName(slot));
  return reported === undefined || !isUnknown(slot, reported);
}

/** A back source from which edges pull that only wait for their clients: those would get nothing more. */
function isStillUsed({ host, slot, seen }: Candidate): boolean {
  if (slot.role !== 'back-source') return false;
  return slotsOf(host).some((one) => hasViewers(one.role) && !isHeld(one) && isLeaving(one, seen));
}

type Cause = { causationId: string; correlationId: string };

function change(edge: Candidate, spec: FarmSpec, specVersion: number, cause: Cause): DecisionDraft {
  const { host, slot } = edge;
  if (!goesAtOnce(edge, spec)) {
    const drainMs = spec.drainDeadlineMs ?? DRAIN_DEADLINE_MS;
    const why = `it is changed for spec ${specVersion}`;
    return { type: 'edge-released', host: host.host, ...keyOf(slot), drainMs, why, ...cause };
  }
  const { origins, ...definition } = definitionOf(spec, host, slot);
  const next = { ...keyOf(slot), generation: slot.generation + 1, ...definition, origins: [...origins] };
  return { type: 'edge-assigned', host: host.host, ...next, ...cause };
}

/**
 * What the specification names, and the host's own configuration does not: known before an edge is ended for it. A worker that
 * says nothing of confs is older than the word: its pod would take its own, and nobody would be told.
 */
function missingAt(host: HostState, { engine, conf }: FarmSpec): string | null {
  if (host.engines && !host.engines.includes(engine)) return `host ${host.host} has no engine ${engine}`;
  if (conf && !host.confs?.includes(conf.name)) return `host ${host.host} has no conf ${conf.name}`;
  return null;
}

function edgeFailed(edge: Candidate, specVersion: number, why: string, cause: Cause): DecisionDraft {
  return { type: 'update-edge-failed', specVersion, host: edge.host.host, ...keyOf(edge.slot), why, ...cause };
}

function placeOf({ host, slot }: Candidate): string {
  return `${edgeName(slot)} of ${host.host}`;
}

function keyOf({ role, slot, generation }: SlotState): Pick<SlotState, 'role' | 'slot' | 'generation'> {
  return { role, slot, generation };
}
