import { edgeName } from '@dolphin/protocol';
import { planAdoption } from './adoption.js';
import type { DecisionDraft } from './decision-draft.js';
import { type FarmState, hostsOf } from './farm-state.js';
import { planLiveness } from './liveness-rules.js';
import {
  currentPod,
  highestReportedTerm,
  isAdoptedIn,
  isCommandable,
  type Observed,
  observedHost,
} from './observation.js';
import { planShort, sitesOf, targets } from './placement.js';
import { type PlannedCommand, planAdopt, sentKey } from './planned-command.js';
import { causeIn, planSite } from './site-plan.js';
import { planSlots } from './slot-rules.js';
import { SILENT_AFTER_MS } from './timing.js';
import { planUpdate } from './update-plan.js';

/**
 * What is to be done now. Decisions first: commands for what they are about follow in a later round, from the log.
 * Nothing to do is an empty plan.
 */
export interface Plan {
  readonly decisions: readonly DecisionDraft[];
  readonly commands: readonly PlannedCommand[];
  /** Why this master must not lead any more in its term; null: it may. */
  readonly standDown: string | null;
  /** Most hosts are silent at once: that is our own fault more likely than theirs. */
  readonly isUs: boolean;
}

export const NO_PLAN: Plan = { decisions: [], commands: [], standDown: null, isUs: false };

/** Compares what is wanted and decided (the log) with what is reported. `now`: monotonic ms, as in `observed`. */
export function reconcile(state: FarmState, observed: Observed, now: number): Plan {
  const { leading } = observed;
  if (!leading) return NO_PLAN;
  if (state.unreadable) return { ...NO_PLAN, standDown: `entry ${state.unreadable.sequence} cannot be decoded` };
  // Until the fold applied this master's own election, another's decisions may still be on their way.
  if (!state.leader || state.leader.term < leading.term) return NO_PLAN;
  if (state.leader.term !== leading.term || state.leader.master !== leading.master) {
    return { ...NO_PLAN, standDown: `term ${state.leader.term} is ${state.leader.master}'s` };
  }
  const reported = highestReportedTerm(observed);
  if (reported > leading.term) return { ...NO_PLAN, standDown: `a host accepted term ${reported}` };

  const adopts = hostsOf(state).flatMap((host) => {
    const seen = observedHost(observed, host.host);
    const isReachable = seen.silentMs < SILENT_AFTER_MS;
    return isReachable && !isAdoptedIn(host, seen, leading.term) ? planAdopt(host, seen, leading.term, now) : [];
  });
  const adoption = planAdoption(state, observed, leading.term);
  // Before anything is placed beside them.
  if (adoption.length > 0) return { ...NO_PLAN, decisions: adoption, commands: adopts };
  // Without a specification nothing else is decided.
  if (!state.spec) return { ...NO_PLAN, commands: adopts };

  const liveness = planLiveness(state, observed, leading.term, now);
  // Where the edges go depends on who is there: that is decided first, and alone.
  if (liveness.decisions.length > 0) return { ...NO_PLAN, decisions: liveness.decisions, commands: adopts };

  const slots = planAllSlots(state, observed, leading.term, now);
  const placement = planPlacement(state, observed, leading.term);
  // Where edges go comes before what they are.
  const moves = placement.length > 0 ? placement : planChanges(state, observed, leading.term, now);
  const decisions = liveness.isUs ? [] : [...moves, ...slots.decisions.filter((decision) => !isAmong(decision, moves))];
  const commands = slots.commands.filter((command) => !decisions.some((decision) => isOvertaken(command, decision)));
  return { decisions, commands: [...adopts, ...commands], standDown: null, isUs: liveness.isUs };
}

/** Where the edges go, as far as it can be decided now. */
export function planPlacement(state: FarmState, observed: Observed, term: number): DecisionDraft[] {
  if (!state.spec) return [];
  const { spec } = state.spec;
  const sites = sitesOf(state, observed, term);
  const cause = causeIn(state);
  const decisions: DecisionDraft[] = [];
  const wanted = targets(spec, sites);
  for (const site of sites) {
    const target = wanted.get(site.host.host);
    if (target !== undefined) decisions.push(...planSite(site, target, spec, cause));
  }
  const short = planShort(state, sites);
  return short ? [...decisions, short] : decisions;
}

function planChanges(state: FarmState, observed: Observed, term: number, now: number): DecisionDraft[] {
  return planUpdate(state, observed, sitesOf(state, observed, term), now);
}

function planAllSlots(state: FarmState, observed: Observed, term: number, now: number) {
  const decisions: DecisionDraft[] = [];
  const commands: PlannedCommand[] = [];
  for (const host of hostsOf(state)) {
    const seen = observedHost(observed, host.host);
    const isCommanded = host.liveness === 'up' && seen.silentMs < SILENT_AFTER_MS;
    if (!isCommanded || !isCommandable(seen) || !currentPod(host, seen, term)) continue;
    const plan = planSlots(host, seen, term, now);
    decisions.push(...plan.decisions);
    commands.push(...plan.commands);
  }
  return { decisions, commands };
}

function slotOf(decision: DecisionDraft): string | null {
  return decision.type === 'edge-assigned' ||
    decision.type === 'edge-released' ||
    decision.type === 'edge-kept' ||
    decision.type === 'edge-renewed'
    ? `${decision.host}/${edgeName(decision)}`
    : null;
}

function isAmong(decision: DecisionDraft, others: readonly DecisionDraft[]): boolean {
  const slot = slotOf(decision);
  return slot !== null && others.some((other) => slotOf(other) === slot);
}

/** A command for a slot about which this very plan decides otherwise. */
function isOvertaken(command: PlannedCommand, decision: DecisionDraft): boolean {
  return slotOf(decision) === `${command.host}/${sentKey(command.body)}`;
}
