import { DolphinError, type EdgeKey, edgeName, type OperatorAnswer, type OperatorRequest } from '@dolphin/protocol';
import { knownHost } from '../domain/host-asks.js';
import type { OperatorAppender } from './append-operator.js';

/** What an operator can ask of an edge. Each throws E_NOT_FOUND, and what an append may throw. */
export interface EdgeCalls {
  /** At once, with its clients; another one takes its place. */
  kill(host: string, edge: EdgeKey, request: OperatorRequest): Promise<OperatorAnswer>;
}

export function edgeCalls(appender: OperatorAppender): EdgeCalls {
  return {
    kill: (host, edge, { who, why }) =>
      appender.decideAndAppend<OperatorAnswer>((state) => {
        const slot = knownHost(state, host).slots[edgeName(edge)];
        if (slot?.status !== 'assigned')
          throw new DolphinError('E_NOT_FOUND', { what: `${edgeName(edge)} of ${host}` });
        if (slot.killAsked) return { already: { changed: false, sequence: slot.killAsked.sequence } };
        const { generation } = slot;
        const asked = { host, ...edge, generation, who, ...(why !== undefined && { why }) };
        return {
          append: { type: 'edge-kill-asked', ...asked },
          answer: (sequence) => ({ changed: true, sequence }),
        };
      }),
  };
}
