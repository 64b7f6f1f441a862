import {
  type ApplyAnswer,
  type ApplyRequest,
  DolphinError,
  type FarmSpec,
  type PlanAnswer,
  type RollbackRequest,
  type SpecHistory,
} from '@dolphin/protocol';
import { checkSpec } from '../domain/apply-rules.js';
import type { FarmState } from '../domain/farm-state.js';
import { planView } from '../domain/plan-view.js';
import { sameJson } from '../domain/same-json.js';
import type { OperatorAppender, OperatorDraft, OperatorVerdict } from './append-operator.js';
import type { FarmModel } from './farm-model.js';

/** What can be asked of the specification. `ifMatch`: the version that the caller saw last; null: whichever. */
export interface SpecCalls {
  /** Throws E_SPEC_CHANGED, E_SPEC_INVALID, and what an append may throw. */
  apply(request: ApplyRequest, ifMatch: number | null): Promise<ApplyAnswer>;
  /** The same words as an earlier version had, as a new one. Throws E_NOT_FOUND, too. */
  rollback(request: RollbackRequest, ifMatch: number | null): Promise<ApplyAnswer>;
  /** What an apply would do now; throws what it would throw. Writes nothing. */
  plan(spec: FarmSpec, ifMatch: number | null): PlanAnswer;
  history(): SpecHistory;
}

export function specCalls(appender: OperatorAppender, model: FarmModel): SpecCalls {
  return {
    apply: ({ spec, who, why }, ifMatch) =>
      appender.decideAndAppend((state) => {
        checkMatch(state, ifMatch);
        return applied(state, spec, { who, ...(why !== undefined && { why }) });
      }),
    rollback: ({ to, who, why }, ifMatch) =>
      appender.decideAndAppend((state) => {
        checkMatch(state, ifMatch);
        const was = state.specs.find(({ version }) => version === to);
        if (!was) throw new DolphinError('E_NOT_FOUND', { what: `spec version ${to}` });
        return applied(state, was.spec, { who, rollbackOf: to, ...(why !== undefined && { why }) });
      }),
    plan: (spec, ifMatch) => {
      const { state, observed } = known(model);
      checkMatch(state, ifMatch);
      checkSpec(state, spec);
      return planView(state, observed, spec);
    },
    history: () => ({ versions: [...known(model).state.specs].reverse() }),
  };
}

function known(model: FarmModel): FarmModel {
  if (!model.state.farm) throw new DolphinError('E_NO_FARM');
  return model;
}

function checkMatch(state: FarmState, ifMatch: number | null): void {
  const actual = state.spec?.version ?? 0;
  if (ifMatch !== null && ifMatch !== actual) throw new DolphinError('E_SPEC_CHANGED', { actual, expected: ifMatch });
}

type Asked = Pick<Extract<OperatorDraft, { type: 'farm-applied' }>, 'who' | 'why' | 'rollbackOf'>;

function applied(state: FarmState, spec: FarmSpec, asked: Asked): OperatorVerdict<ApplyAnswer> {
  const actual = state.spec?.version ?? 0;
  // Asked for again after its rolling change stopped, it is tried again.
  const isStopped = state.update?.state === 'stopped' && state.update.specVersion === actual;
  if (state.spec && sameJson(state.spec.spec, spec) && !isStopped) {
    return { already: { changed: false, specVersion: actual, sequence: state.spec.applied.sequence } };
  }
  checkSpec(state, spec);
  const specVersion = actual + 1;
  return {
    append: { type: 'farm-applied', specVersion, spec, ...asked },
    answer: (sequence) => ({ changed: true, specVersion, sequence }),
  };
}
