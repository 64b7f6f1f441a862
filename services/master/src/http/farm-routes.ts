import { ApplyAnswer, ApplyRequest, DolphinError, FarmView, InitAnswer, InitRequest } from '@dolphin/protocol';
import { type App, answers, refuseLater } from './app.js';

export interface FarmParts {
  view(): FarmView;
  init(request: InitRequest): Promise<InitAnswer>;
  apply(request: ApplyRequest, ifMatch: number | null): Promise<ApplyAnswer>;
}

/** The farm as a whole: what it is, and what it shall be. */
export function addFarmRoutes(app: App, parts: FarmParts): void {
  app.get('/api/v1/farm', { schema: { response: answers(FarmView) } }, (request) => {
    refuseLater(request, ['at']);
    return parts.view();
  });
  app.post('/api/v1/init', { schema: { body: InitRequest, response: answers(InitAnswer) } }, (request) =>
    parts.init(request.body),
  );
  app.post('/api/v1/apply', { schema: { body: ApplyRequest, response: answers(ApplyAnswer) } }, (request) => {
    refuseLater(request, ['dryRun']);
    return parts.apply(request.body, readIfMatch(request.headers['if-match']));
  });
}

/** `"7"` → 7, as the spec version is shown; `*` and nothing → null. */
function readIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null;
  const match = /^\s*"?(\d{1,15})"?\s*$/.exec(header);
  if (!match?.[1])
    throw new DolphinError('E_BAD_REQUEST', { why: 'If-Match wants the spec version in quotes, like "7"' });
  return Number(match[1]);
}
