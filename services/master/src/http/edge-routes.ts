import {
  DolphinError,
  DrainRequest,
  type EdgeKey,
  EdgeList,
  type FarmView,
  HostId,
  OperatorAnswer,
  OperatorRequest,
  Role,
  Slot,
} from '@dolphin/protocol';
import { z } from 'zod';
import type { EdgeCalls } from '../app/edge-calls.js';
import { type App, answers } from './app.js';

export interface EdgeParts {
  view(): FarmView;
  readonly edgeCalls: EdgeCalls;
}

const params = z.object({ host: HostId, edge: z.string().max(64) });
const NOTHING_SAID = OperatorRequest.parse({});

export function addEdgeRoutes(app: App, parts: EdgeParts): void {
  app.get('/api/v1/edges', { schema: { response: answers(EdgeList) } }, () => ({ edges: parts.view().edges }));
  const schema = { params, body: OperatorRequest.nullish(), response: answers(OperatorAnswer) };
  for (const call of ['kill', 'undrain'] as const) {
    app.post(`/api/v1/edges/:host/:edge/${call}`, { schema }, (request) => {
      const { host, edge } = request.params;
      return parts.edgeCalls[call](host, edgeKey(edge), request.body ?? NOTHING_SAID);
    });
  }
  const withDeadline = { ...schema, body: DrainRequest.nullish() };
  for (const call of ['drain', 'restart'] as const) {
    app.post(`/api/v1/edges/:host/:edge/${call}`, { schema: withDeadline }, (request) => {
      const { host, edge } = request.params;
      return parts.edgeCalls[call](host, edgeKey(edge), request.body ?? NOTHING_SAID);
    });
  }
}

/** `stream-0`, `back-source-0`. */
function edgeKey(name: string): EdgeKey {
  const [, role, slot] = /^(.+)-(\d{1,3})$/.exec(name) ?? [];
  const parsed = z.object({ role: Role, slot: Slot }).safeParse({ role, slot: Number(slot) });
  if (!parsed.success) throw new DolphinError('E_BAD_REQUEST', { why: `${name} is no name of an edge, like stream-0` });
  return parsed.data;
}
