import { EdgeList, type FarmView } from '@dolphin/protocol';
import { type App, answers } from './app.js';

export interface EdgeParts {
  view(): FarmView;
}

export function addEdgeRoutes(app: App, parts: EdgeParts): void {
  app.get('/api/v1/edges', { schema: { response: answers(EdgeList) } }, () => ({ edges: parts.view().edges }));
}
