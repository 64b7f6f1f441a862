import type { HostLiveness } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { type FarmState, type HostState, hostsOf } from './farm-state.js';
import { isAdoptedIn, type Observed, type ObservedHost, observedHost } from './observation.js';
import { DIAL_VALID_MS, SILENT_AFTER_MS, SUSPECT_AFTER_MS } from './timing.js';

interface Case {
  readonly host: HostState;
  readonly seen: ObservedHost;
  readonly isAdopted: boolean;
  /** More than half of several hosts fell silent at once. */
  readonly isUs: boolean;
  /** Does its public port accept? null: not known, or not any more. */
  readonly accepts: boolean | null;
}

type Verdict = 'lost' | 'unmanaged' | 'returned' | 'wait' | 'keep';

interface Rule {
  readonly name: string;
  /** The failure that it prevents. */
  readonly prevents: string;
  readonly when: (c: Case) => boolean;
  readonly verdict: Verdict;
}

/** First match wins. */
export const LIVENESS_RULES: readonly Rule[] = [
  {
    name: 'left the farm by itself',
    prevents: 'the last heartbeats of a host that leaves bring it back',
    when: ({ host }) => host.hasLeft === true,
    verdict: 'keep',
  },
  {
    name: 'heard again, adopted',
    prevents: 'a host that is back stays written off',
    when: ({ host, seen, isAdopted }) =>
      host.liveness !== 'up' && seen.heardAt !== null && seen.silentMs < SUSPECT_AFTER_MS && isAdopted,
    verdict: 'returned',
  },
  {
    name: 'not silent for long',
    prevents: 'a worker that is restarted counts as a host that is gone',
    when: ({ seen }) => seen.silentMs < SILENT_AFTER_MS,
    verdict: 'keep',
  },
  {
    name: 'lost already',
    prevents: 'the same decision every round',
    when: ({ host }) => host.liveness === 'lost',
    verdict: 'keep',
  },
  {
    name: 'it is us',
    prevents: 'a master that is cut off gives up a farm that serves',
    when: ({ isUs }) => isUs,
    verdict: 'wait',
  },
  {
    name: 'silent, and nobody knows whether it serves',
    prevents: 'viewers are written off before anybody dialled',
    when: ({ seen, accepts }) => accepts === null && seen.address !== null,
    verdict: 'wait',
  },
  {
    name: 'silent, still serves, known as unmanaged',
    prevents: 'the same decision every round',
    when: ({ host, accepts }) => accepts === true && host.liveness === 'unmanaged',
    verdict: 'keep',
  },
  {
    name: 'silent, still serves',
    prevents: 'a dead worker costs the viewers of a live pod',
    when: ({ accepts }) => accepts === true,
    verdict: 'unmanaged',
  },
  {
    name: 'silent, serves nobody',
    prevents: 'the share of a dead host is never placed elsewhere',
    when: () => true,
    verdict: 'lost',
  },
];

export interface LivenessPlan {
  readonly decisions: DecisionDraft[];
  /** True: too many are silent, and nothing at all should be decided. */
  readonly isUs: boolean;
}

/** What is to be decided about hosts, from their silence alone. */
export function planLiveness(state: FarmState, observed: Observed, term: number, now: number): LivenessPlan {
  const hosts = hostsOf(state);
  const isUs = tooManySilent(hosts, observed);
  const decisions: DecisionDraft[] = [];
  for (const host of hosts) {
    const seen = observedHost(observed, host.host);
    const isAdopted = isAdoptedIn(host, seen, term);
    const verdict = firstMatch({ host, seen, isAdopted, isUs, accepts: portAccepts(seen, now) });
    const silentMs = Math.round(seen.silentMs);
    if (verdict === 'lost') decisions.push({ type: 'host-lost', host: host.host, silentMs });
    if (verdict === 'unmanaged') decisions.push({ type: 'host-unmanaged', host: host.host, silentMs });
    if (verdict === 'returned') decisions.push({ type: 'host-returned', host: host.host });
  }
  return { decisions, isUs };
}

/** Hosts whose public port should be dialled now: those about whom a verdict may depend on it. */
export function hostsToDial(state: FarmState, observed: Observed): HostState[] {
  return hostsOf(state).filter((host) => {
    const seen = observedHost(observed, host.host);
    return host.liveness !== 'lost' && seen.silentMs >= SUSPECT_AFTER_MS && seen.address !== null;
  });
}

/** How a host is shown. */
export function shownLiveness(host: HostState | undefined, seen: ObservedHost): HostLiveness {
  if (!host) return 'joining';
  if (host.liveness !== 'up') return host.liveness;
  if (seen.silentMs >= SUSPECT_AFTER_MS) return 'suspect';
  return seen.heardAt === null ? 'joining' : 'up';
}

/** Of those that counted as up: hosts written off before say nothing about this moment. */
function tooManySilent(hosts: readonly HostState[], observed: Observed): boolean {
  const up = hosts.filter((host) => host.liveness === 'up');
  const silent = up.filter((host) => observedHost(observed, host.host).silentMs >= SILENT_AFTER_MS);
  return up.length > 1 && silent.length * 2 > up.length;
}

function portAccepts(seen: ObservedHost, now: number): boolean | null {
  return seen.port && now - seen.port.at <= DIAL_VALID_MS ? seen.port.accepts : null;
}

function firstMatch(c: Case): Verdict {
  return LIVENESS_RULES.find((rule) => rule.when(c))?.verdict ?? 'keep';
}
