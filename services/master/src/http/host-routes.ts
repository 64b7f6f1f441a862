import { DrainRequest, type FarmView, HostId, HostList, OperatorAnswer, OperatorRequest } from '@dolphin/protocol';
import { z } from 'zod';
import type { HostCalls } from '../app/host-calls.js';
import { type App, answers } from './app.js';

export interface HostParts {
  view(): FarmView;
  readonly hostCalls: HostCalls;
}

const params = z.object({ host: HostId });
const NOTHING_SAID = OperatorRequest.parse({});

/** All of a body may be left out, and then the body. */
export function addHostRoutes(app: App, parts: HostParts): void {
  const { hostCalls } = parts;
  app.get('/api/v1/hosts', { schema: { response: answers(HostList) } }, () => ({ hosts: parts.view().hosts }));
  const schema = { params, body: OperatorRequest.nullish(), response: answers(OperatorAnswer) };
  for (const call of ['cordon', 'uncordon', 'undrain'] as const) {
    app.post(`/api/v1/hosts/:host/${call}`, { schema }, (request) =>
      hostCalls[call](request.params.host, request.body ?? NOTHING_SAID),
    );
  }
  app.delete('/api/v1/hosts/:host', { schema }, (request) =>
    hostCalls.remove(request.params.host, request.body ?? NOTHING_SAID),
  );
  const drain = { ...schema, body: DrainRequest.nullish() };
  app.post('/api/v1/hosts/:host/drain', { schema: drain }, (request) =>
    hostCalls.drain(request.params.host, request.body ?? NOTHING_SAID),
  );
}
