import {
  ApplyAnswer,
  ApplyRequest,
  DolphinError,
  FarmView,
  InitAnswer,
  InitRequest,
  PlanAnswer,
  PlanRequest,
  RollbackRequest,
  SpecHistory,
} from '@dolphin/protocol';
import { z } from 'zod';
import type { SpecCalls } from '../app/spec-calls.js';
import { type App, answers, refuseLater } from './app.js';

export interface FarmParts {
  view(): FarmView;
  init(request: InitRequest): Promise<InitAnswer>;
  readonly specCalls: SpecCalls;
}

/** `?dryRun=1`: says what it would do, and does nothing. */
const ApplyQuery = z.strictObject({ dryRun: z.enum(['0', '1', 'false', 'true']).optional() });

/** The farm as a whole: what it is, and what it shall be. */
export function addFarmRoutes(app: App, parts: FarmParts): void {
  const { specCalls } = parts;
  app.get('/api/v1/farm', { schema: { response: answers(FarmView) } }, (request) => {
    refuseLater(request, ['at']);
    return parts.view();
  });
  app.post('/api/v1/init', { schema: { body: InitRequest, response: answers(InitAnswer) } }, (request) =>
    parts.init(request.body),
  );
  const apply = {
    body: ApplyRequest,
    querystring: ApplyQuery,
    response: answers(z.union([ApplyAnswer, PlanAnswer])),
  };
  app.post('/api/v1/apply', { schema: apply }, (request) => {
    const ifMatch = readIfMatch(request.headers['if-match']);
    const isDry = request.query.dryRun === '1' || request.query.dryRun === 'true';
    return isDry ? specCalls.plan(request.body.spec, ifMatch) : specCalls.apply(request.body, ifMatch);
  });
  app.post('/api/v1/plan', { schema: { body: PlanRequest, response: answers(PlanAnswer) } }, (request) =>
    specCalls.plan(request.body.spec, readIfMatch(request.headers['if-match'])),
  );
  app.post('/api/v1/rollback', { schema: { body: RollbackRequest, response: answers(ApplyAnswer) } }, (request) =>
    specCalls.rollback(request.body, readIfMatch(request.headers['if-match'])),
  );
  app.get('/api/v1/history', { schema: { response: answers(SpecHistory) } }, () => specCalls.history());
}

/** `"7"` → 7, as the spec version is shown; `*` and nothing → null. */
function readIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null;
  const match = /^\s*"?(\d{1,15})"?\s*$/.exec(header);
  if (!match?.[1])
    throw new DolphinError('E_BAD_REQUEST', { why: 'If-Match wants the spec version in quotes, like "7"' });
  return Number(match[1]);
}
