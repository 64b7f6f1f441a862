import type { DrainRequest, EdgeKey, OperatorAnswer, OperatorRequest } from '@dolphin/protocol';
import { assignedEdge, checkDrainable, endableEdge, knownEdge } from '../domain/edge-asks.js';
import type { SlotState } from '../domain/farm-state.js';
import { drainDeadline, knownHost } from '../domain/host-asks.js';
import type { OperatorAppender, OperatorVerdict } from './append-operator.js';

/** What an operator can ask of an edge. Each throws E_NOT_FOUND, and what an append may throw. */
export interface EdgeCalls {
  /** At once, with its clients; another one takes its place. */
  kill(host: string, edge: EdgeKey, request: OperatorRequest): Promise<OperatorAnswer>;
  /** It drains, and a new process of the same definition takes its place. Never taken back. */
  restart(host: string, edge: EdgeKey, request: DrainRequest): Promise<OperatorAnswer>;
  /** It drains, and its slot stays empty until that is taken back. Throws E_UNSUPPORTED for a back source. */
  drain(host: string, edge: EdgeKey, request: DrainRequest): Promise<OperatorAnswer>;
  undrain(host: string, edge: EdgeKey, request: OperatorRequest): Promise<OperatorAnswer>;
}

export function edgeCalls(appender: OperatorAppender): EdgeCalls {
  return {
    kill: (host, edge, request) =>
      appender.decideAndAppend<OperatorAnswer>((state) => {
        const slot = endableEdge(knownHost(state, host), edge);
        if (slot.killAsked) return unchanged(slot.killAsked.sequence);
        return { append: { type: 'edge-kill-asked', ...about(host, slot, request) }, answer: changed };
      }),
    restart: (host, edge, request) =>
      appender.decideAndAppend<OperatorAnswer>((state) => {
        const slot = assignedEdge(knownHost(state, host), edge);
        const deadlineMs = drainDeadline(state, request.deadlineMs);
        const { restartAsked } = slot;
        if (restartAsked?.deadlineMs === deadlineMs) return unchanged(restartAsked.asked.sequence);
        return { append: { type: 'edge-restart-asked', ...about(host, slot, request), deadlineMs }, answer: changed };
      }),
    drain: (host, edge, request) =>
      appender.decideAndAppend<OperatorAnswer>((state) => {
        checkDrainable(edge);
        const { setAside, ...slot } = knownEdge(knownHost(state, host), edge);
        const deadlineMs = drainDeadline(state, request.deadlineMs);
        if (setAside?.deadlineMs === deadlineMs) return unchanged(setAside.asked.sequence);
        return { append: { type: 'edge-drain-asked', ...about(host, slot, request), deadlineMs }, answer: changed };
      }),
    undrain: (host, edge, request) =>
      appender.decideAndAppend<OperatorAnswer>((state) => {
        const slot = knownEdge(knownHost(state, host), edge);
        if (slot.setAside === null) return unchanged(slot.decided.sequence);
        return { append: { type: 'edge-undrain-asked', ...about(host, slot, request) }, answer: changed };
      }),
  };
}

function about(
  host: string,
  { role, slot, generation }: Pick<SlotState, 'role' | 'slot' | 'generation'>,
  { who, why }: OperatorRequest,
) {
  return { host, role, slot, generation, who, ...(why !== undefined && { why }) };
}

const changed = (sequence: number): OperatorAnswer => ({ changed: true, sequence });

function unchanged(sequence: number): OperatorVerdict<OperatorAnswer> {
  return { already: { changed: false, sequence } };
}
