import type { DrainRequest, OperatorAnswer, OperatorRequest } from '@dolphin/protocol';
import type { HostState } from '../domain/farm-state.js';
import { checkRemovable, drainDeadline, knownHost } from '../domain/host-asks.js';
import type { OperatorAppender, OperatorVerdict } from './append-operator.js';
import type { FarmModel } from './farm-model.js';

/** What an operator can ask of a host. Each throws E_NOT_FOUND, and what an append may throw. */
export interface HostCalls {
  cordon(host: string, request: OperatorRequest): Promise<OperatorAnswer>;
  uncordon(host: string, request: OperatorRequest): Promise<OperatorAnswer>;
  drain(host: string, request: DrainRequest): Promise<OperatorAnswer>;
  undrain(host: string, request: OperatorRequest): Promise<OperatorAnswer>;
  /** Throws E_HOST_UP, too. */
  remove(host: string, request: OperatorRequest): Promise<OperatorAnswer>;
}

export function hostCalls(appender: OperatorAppender, model: FarmModel): HostCalls {
  const changed = (sequence: number): OperatorAnswer => ({ changed: true, sequence });
  const simple = (
    type: 'host-cordoned' | 'host-uncordoned' | 'host-undrain-asked' | 'host-removed',
    isSo: (host: HostState) => boolean,
    check: (host: HostState) => void = () => undefined,
  ) => {
    return (name: string, request: OperatorRequest) =>
      appender.decideAndAppend<OperatorAnswer>((state): OperatorVerdict<OperatorAnswer> => {
        const host = knownHost(state, name);
        check(host);
        const sequence = host.cordoned?.sequence ?? state.sequence;
        if (isSo(host)) return { already: { changed: false, sequence } };
        return { append: { type, host: name, ...asked(request) }, answer: changed };
      });
  };
  return {
    cordon: simple('host-cordoned', (host) => host.cordoned !== null),
    uncordon: simple('host-uncordoned', (host) => host.cordoned === null),
    undrain: simple('host-undrain-asked', (host) => host.cordoned === null && host.drain === null),
    remove: simple(
      'host-removed',
      () => false,
      (host) => checkRemovable(host, model.observed),
    ),
    drain: (name, request) =>
      appender.decideAndAppend<OperatorAnswer>((state): OperatorVerdict<OperatorAnswer> => {
        const { drain } = knownHost(state, name);
        const deadlineMs = drainDeadline(state, request.deadlineMs);
        if (drain?.deadlineMs === deadlineMs) return { already: { changed: false, sequence: drain.asked.sequence } };
        return { append: { type: 'host-drain-asked', host: name, deadlineMs, ...asked(request) }, answer: changed };
      }),
  };
}

function asked({ who, why }: OperatorRequest): { who: string; why?: string } {
  return { who, ...(why !== undefined && { why }) };
}
