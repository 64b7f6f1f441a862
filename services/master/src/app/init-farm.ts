import { randomUUID } from 'node:crypto';
import { DolphinError, type InitAnswer, type InitRequest } from '@dolphin/protocol';
import { type OperatorAppender, type OperatorDraft, sequenceOf } from './append-operator.js';
import { API_DEADLINE_MS, INIT_DEADLINE_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';

/** Writes farm-created into a new log. Throws E_FARM_EXISTS, E_LOG_LOST, E_BUS_UNAVAILABLE, … */
export function initFarm(appender: OperatorAppender, model: FarmModel, request: InitRequest): Promise<InitAnswer> {
  return appender.inTurn(INIT_DEADLINE_MS, async (links, watch) => {
    if (watch.known && !model.state.farm) await watch.look();
    appender.refuseProblem();
    const existing = model.state.farm ?? watch.known;
    if (existing) throw new DolphinError('E_FARM_EXISTS', existing);
    await links.createLog();
    const { farm } = model;
    const farmId = randomUUID();
    const created: OperatorDraft = { type: 'farm-created', farm, farmId, who: request.who };
    const result = await appender.append(links, farmId, created, 0);
    if (result.outcome === 'conflict') {
      // Somebody was first, a moment ago or before this master had read it.
      await model.projection.whenApplied(result.lastSequence, API_DEADLINE_MS);
      throw new DolphinError('E_FARM_EXISTS', model.state.farm ?? { farm, farmId: 'not read yet' });
    }
    const sequence = sequenceOf(result);
    await watch.remember({ farm, farmId });
    await model.projection.whenApplied(sequence, API_DEADLINE_MS);
    return { farm, farmId };
  });
}
