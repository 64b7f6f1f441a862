import { randomUUID } from 'node:crypto';
import { DolphinError, type InitAnswer, type InitRequest } from '@dolphin/protocol';
import { beginning } from '../domain/farm-identity.js';
import { type OperatorAppender, type OperatorDraft, sequenceOf } from './append-operator.js';
import { API_DEADLINE_MS, INIT_DEADLINE_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';

/**
 * Writes farm-created into a new log; for edges that run, also in place of one that is lost. Throws E_FARM_EXISTS, E_LOG_LOST,
 * E_FARM_MISMATCH, E_BAD_REQUEST (which farm it was is not known), E_BUS_UNAVAILABLE, …
 */
export function initFarm(appender: OperatorAppender, model: FarmModel, request: InitRequest): Promise<InitAnswer> {
  return appender.inTurn(INIT_DEADLINE_MS, async (links, watch) => {
    if (watch.known && !model.state.farm) await watch.look();
    const { adoptRunning: isAdopting = false, farmId: named } = request;
    const isLost = model.problem?.code === 'E_LOG_LOST';
    if (!(isAdopting && isLost)) appender.refuseProblem();
    const { farm } = model;
    const known = watch.known?.farmId ?? null;
    const farmId = beginning({ farm, there: model.state.farm, known, named, isAdopting, newId: randomUUID() });
    await links.createLog();
    const adopted = isAdopting && { adopted: true };
    const created: OperatorDraft = { type: 'farm-created', farm, farmId, ...adopted, who: request.who };
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
