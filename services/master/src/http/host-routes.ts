import { type FarmView, HostList } from '@dolphin/protocol';
import { type App, answers } from './app.js';

export interface HostParts {
  view(): FarmView;
}

export function addHostRoutes(app: App, parts: HostParts): void {
  app.get('/api/v1/hosts', { schema: { response: answers(HostList) } }, () => ({ hosts: parts.view().hosts }));
}
