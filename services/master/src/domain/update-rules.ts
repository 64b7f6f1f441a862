import { type EdgeStatus, edgeName, type FarmSpec, type UpdatePolicy } from '@dolphin/protocol';
import { differingFields } from './definition.js';
import type { HostState, SlotState } from './farm-state.js';
import { type ChangeWatch, type ObservedHost, reportedEdge } from './observation.js';

/** An edge that a rolling change has in hand. */
export interface ChangeCase {
  readonly slot: SlotState;
  readonly reported: EdgeStatus | undefined;
  readonly watch: ChangeWatch | undefined;
  /** Its host's last word on a spawn of this generation, of the error table; null: it did not refuse it. */
  readonly refusal: string | null;
  /** When the report came in. */
  readonly podAt: number;
  /** It is not what the specification asks for (any more). */
  readonly differs: boolean;
  /** It was taken in hand for the specification of now. */
  readonly isOfNow: boolean;
  readonly policy: UpdatePolicy;
  readonly now: number;
}

/** `again`: it is to be changed once more; `failed`: `why` says in what. */
export type ChangeVerdict = 'waiting' | 'healthy' | 'again' | 'failed';

interface Rule {
  readonly name: string;
  /** The failure that it prevents. */
  readonly prevents: string;
  readonly when: (c: ChangeCase) => boolean;
  readonly verdict: ChangeVerdict;
  readonly why?: (c: ChangeCase) => string;
}

/** How it stands with an edge that is being changed. First match wins. */
export const CHANGE_RULES: readonly Rule[] = [
  {
    name: 'still the old one, or its place is empty',
    prevents: 'the next edges are taken while this one serves nobody',
    when: (c) => c.slot.status === 'released' && !isLate(c),
    verdict: 'waiting',
  },
  {
    name: 'something else is asked for since',
    prevents: 'a rollback waits for what it is to take back',
    when: ({ slot, differs }) => slot.status === 'assigned' && differs,
    verdict: 'again',
  },
  {
    name: 'failed for an earlier specification, and is asked for again',
    prevents: 'an operator who mended what was wrong is told of the old failure',
    when: (c) => !c.isOfNow && (isGivenUp(c) || isRefused(c)),
    verdict: 'again',
  },
  {
    name: 'refused by its host',
    prevents: 'edge after edge ends for an engine that is nowhere',
    when: isRefused,
    verdict: 'failed',
    why: ({ refusal }) => `its host refuses it: ${refusal}`,
  },
  {
    name: 'given up by its pod',
    prevents: 'edge after edge ends for one that does not start',
    when: isGivenUp,
    verdict: 'failed',
    why: () => 'its pod gave it up',
  },
  {
    name: 'ready for long enough',
    prevents: 'an edge that dies after a second counts as good',
    when: ({ watch, podAt, policy }) => watch?.ready != null && podAt - watch.ready.at >= policy.minHealthyMs,
    verdict: 'healthy',
  },
  {
    name: 'not ready for long enough by its deadline',
    prevents: 'a change that comes to no end is waited for, and nobody is told',
    when: isLate,
    verdict: 'failed',
    why: ({ policy }) => `it was not ready for ${policy.minHealthyMs} ms within ${policy.deadlineMs} ms`,
  },
  {
    name: 'on its way',
    prevents: 'more edges are in hand than may be',
    when: () => true,
    verdict: 'waiting',
  },
];

export interface Judged {
  readonly verdict: ChangeVerdict;
  readonly why: string;
}

export function judgeChange(
  { host, seen, slot }: { host: HostState; seen: ObservedHost; slot: SlotState },
  of: { spec: FarmSpec; specVersion: number; policy: UpdatePolicy; now: number },
): Judged {
  const { spec, specVersion, policy, now } = of;
  const heard = seen.refusals[edgeName(slot)];
  const c: ChangeCase = {
    ...{ slot, policy, now },
    reported: reportedEdge(seen.pod, edgeName(slot)),
    watch: seen.changes[edgeName(slot)],
    // The leader was told so itself, and newer; a leader since then reads it in the log.
    refusal: (heard?.generation === slot.generation ? heard : slot.refusal)?.code ?? null,
    podAt: seen.podAt,
    differs: differingFields(slot, spec, host).length > 0,
    isOfNow: slot.changing === specVersion,
  };
  const rule = CHANGE_RULES.find((one) => one.when(c));
  return { verdict: rule?.verdict ?? 'waiting', why: rule?.why?.(c) ?? '' };
}

function isLate({ watch, policy, now }: ChangeCase): boolean {
  return watch?.awaitedSince != null && now - watch.awaitedSince >= policy.deadlineMs;
}

function isGivenUp({ slot, reported }: ChangeCase): boolean {
  return reported?.state === 'gave-up' && reported.generation === slot.generation;
}

/** Other refusals pass: a pod that is being started, a generation that is used up. */
function isRefused({ refusal }: ChangeCase): boolean {
  return refusal === 'E_ENGINE_UNKNOWN' || refusal === 'E_CONF_UNKNOWN';
}
