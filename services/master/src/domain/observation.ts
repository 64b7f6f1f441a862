import {
  type CommandBody,
  type EdgeStatus,
  edgeName,
  type Heartbeat,
  type HostStats,
  type PodState,
  type Problem,
} from '@dolphin/protocol';
import type { HostState, SlotState } from './farm-state.js';
import { SUSPECT_AFTER_MS } from './timing.js';

/** A command on its way, or its answer. Times are monotonic milliseconds. */
export interface SentCommand {
  readonly type: CommandBody['type'];
  readonly term: number;
  readonly sequence: number;
  readonly generation: number;
  readonly epoch: number;
  /** When it was sent, then when it was answered. */
  readonly at: number;
  readonly outcome: 'waiting' | 'accepted' | 'refused' | 'unanswered';
  /** The refusal's code, of the error table. */
  readonly code: string | null;
}

/** Why a host did not take a spawn. */
export interface Refusal {
  readonly generation: number;
  /** Of the error table. */
  readonly code: string;
  readonly message: string;
}

/** What one master has seen of one host. */
export interface ObservedHost {
  readonly epoch: number;
  readonly address: string | null;
  readonly pod: PodState | null;
  /** Why it takes no commands but adopt; null: it does. */
  readonly readOnly: Problem | null;
  /** It was told to leave the farm: edges go, none may come. */
  readonly isLeaving: boolean;
  /** When `pod` came in. */
  readonly podAt: number;
  readonly stats: HostStats | null;
  /** Since its last heartbeat, while this master was awake and connected. */
  readonly silentMs: number;
  readonly heardAt: number | null;
  /** The term, and the life of its worker, in which it answered `adopt` with its state. */
  readonly adopted: { readonly term: number; readonly epoch: number } | null;
  /** The last dial of its public port. */
  readonly port: { readonly accepts: boolean; readonly at: number } | null;
  /** The newest command per slot, by edge name; and `adopt`. */
  readonly sent: Readonly<Record<string, SentCommand>>;
  /** Of the newest spawn per slot that was answered, by edge name: kept while the next one is on its way. */
  readonly refusals: Readonly<Record<string, Refusal>>;
  /** Since when a slot is seen as given up. */
  readonly gaveUp: Readonly<Record<string, { readonly generation: number; readonly at: number }>>;
}

/** What one master has seen, apart from the log. */
export interface Observed {
  /** What this master believes to lead, by lease and by its own `leader-elected`; null: it does not. */
  readonly leading: { readonly master: string; readonly term: number } | null;
  readonly hosts: Readonly<Record<string, ObservedHost>>;
}

export const NOTHING_OBSERVED: Observed = { leading: null, hosts: {} };

export const UNSEEN_HOST: ObservedHost = {
  epoch: 0,
  address: null,
  pod: null,
  readOnly: null,
  isLeaving: false,
  podAt: Number.NEGATIVE_INFINITY,
  stats: null,
  silentMs: 0,
  heardAt: null,
  adopted: null,
  port: null,
  sent: {},
  refusals: {},
  gaveUp: {},
};

export function observedHost(observed: Observed, host: string): ObservedHost {
  return (Object.hasOwn(observed.hosts, host) && observed.hosts[host]) || UNSEEN_HOST;
}

/**
 * A heartbeat. One of an older life of the worker says nothing any more, while the newer one is heard: a single number
 * that was wrong must not silence a host for ever.
 */
export function heard(observed: Observed, heartbeat: Heartbeat, now: number): Observed {
  const before = observedHost(observed, heartbeat.host);
  if (heartbeat.epoch < before.epoch && before.silentMs < SUSPECT_AFTER_MS) return observed;
  return withObserved(observed, heartbeat.host, {
    ...before,
    epoch: heartbeat.epoch,
    address: heartbeat.address,
    pod: heartbeat.pod,
    readOnly: heartbeat.readOnly ?? null,
    isLeaving: heartbeat.leaving ?? false,
    podAt: now,
    silentMs: 0,
    heardAt: now,
    port: null,
    gaveUp: gaveUpOf(heartbeat.pod, before, now),
  });
}

export function heardStats(observed: Observed, stats: HostStats): Observed {
  const before = observedHost(observed, stats.host);
  // Only of a host that is there: stats alone must not fill the memory with names.
  if (before.heardAt === null || stats.epoch < before.epoch) return observed;
  return withObserved(observed, stats.host, { ...before, stats });
}

/** `awakeMs` more have passed in which this master was awake and connected, and would have heard a heartbeat. */
export function listened(observed: Observed, hosts: Iterable<string>, awakeMs: number): Observed {
  const next: Record<string, ObservedHost> = { ...observed.hosts };
  for (const host of hosts) {
    const before = observedHost(observed, host);
    next[host] = { ...before, silentMs: before.silentMs + awakeMs };
  }
  return { ...observed, hosts: next };
}

/** This master slept or was cut off: whatever silence it counted may have been its own. */
export function silenceForgotten(observed: Observed): Observed {
  const next: Record<string, ObservedHost> = {};
  for (const [host, before] of Object.entries(observed.hosts)) next[host] = { ...before, silentMs: 0, port: null };
  return { ...observed, hosts: next };
}

/** What was heard of these hosts only. */
export function onlyHosts(observed: Observed, keep: (name: string, host: ObservedHost) => boolean): Observed {
  const kept = Object.entries(observed.hosts).filter(([name, host]) => keep(name, host));
  return { ...observed, hosts: Object.fromEntries(kept) };
}

export function dialled(observed: Observed, host: string, accepts: boolean, now: number): Observed {
  return withObserved(observed, host, { ...observedHost(observed, host), port: { accepts, at: now } });
}

export function commandSent(observed: Observed, host: string, slot: string, sent: SentCommand): Observed {
  const before = observedHost(observed, host);
  return withObserved(observed, host, { ...before, sent: { ...before.sent, [slot]: sent } });
}

/** An answer to a spawn; null: the host took it. */
export function spawnAnswered(observed: Observed, host: string, slot: string, refusal: Refusal | null): Observed {
  const before = observedHost(observed, host);
  const { [slot]: _, ...others } = before.refusals;
  const refusals = refusal ? { ...others, [slot]: refusal } : others;
  return withObserved(observed, host, { ...before, refusals });
}

/** An answer to `adopt`: the state that it brought counts as heard. */
export function adopted(
  observed: Observed,
  host: string,
  answer: { term: number; epoch: number; state: PodState | null },
  now: number,
): Observed {
  const before = observedHost(observed, host);
  const pod = answer.state ?? before.pod;
  return withObserved(observed, host, {
    ...before,
    pod,
    podAt: answer.state ? now : before.podAt,
    adopted: { term: answer.term, epoch: answer.epoch },
    gaveUp: gaveUpOf(pod, before, now),
  });
}

export function leading(observed: Observed, as: Observed['leading']): Observed {
  return { ...observed, leading: as };
}

/** The highest term that any pod says it accepted. */
export function highestReportedTerm(observed: Observed): number {
  return Math.max(0, ...Object.values(observed.hosts).map((host) => host.pod?.term ?? 0));
}

export function reportedEdge(pod: PodState | null, name: string): EdgeStatus | undefined {
  return pod?.edges.find((edge) => edgeName(edge) === name);
}

/**
 * What a host reports that may be relied on in this term: a report from before its adoption may lack what the leader
 * before had started. null: nothing.
 */
export function currentPod(host: HostState, seen: ObservedHost, term: number): PodState | null {
  return isAdoptedIn(host, seen, term) ? seen.pod : null;
}

/** The newest life of a host's worker that is known: by the log, or by a heartbeat that is ahead of it. */
export function lifeOf(host: HostState, seen: ObservedHost): number {
  return Math.max(host.epoch, seen.epoch);
}

/** A pod that reports a lower term than it agreed to lost its memory (host.json), or told so before: it is asked again. */
export function isAdoptedIn(host: HostState, seen: ObservedHost, term: number): boolean {
  const isAgreed = seen.adopted?.term === term && seen.adopted.epoch === lifeOf(host, seen);
  return isAgreed && (seen.pod === null || seen.pod.term >= term);
}

/** It takes what is decided for it. */
export function isCommandable({ readOnly, isLeaving }: ObservedHost): boolean {
  return readOnly === null && !isLeaving;
}

/** No edge is reported on this slot, in a report that is newer than the last command for it, and no spawn is open. */
export function isSurelyEmpty(seen: ObservedHost, name: string): boolean {
  if (reportedEdge(seen.pod, name)) return false;
  const sent = seen.sent[name];
  if (!sent) return true;
  const isEnd = sent.type === 'kill' || sent.type === 'drain';
  const isSettled = sent.outcome === 'refused' || (sent.outcome === 'accepted' && isEnd);
  return isSettled && seen.podAt > sent.at;
}

/** Reported, but not in the log: such an edge is shown, and never touched. */
export function isUnknown(slot: SlotState | undefined, edge: EdgeStatus): boolean {
  return slot === undefined || slot.generation < edge.generation;
}

function gaveUpOf(pod: PodState | null, before: ObservedHost, now: number): ObservedHost['gaveUp'] {
  const gaveUp: Record<string, { generation: number; at: number }> = {};
  for (const edge of pod?.edges ?? []) {
    if (edge.state !== 'gave-up') continue;
    const known = before.gaveUp[edgeName(edge)];
    gaveUp[edgeName(edge)] = known?.generation === edge.generation ? known : { generation: edge.generation, at: now };
  }
  return gaveUp;
}

function withObserved(observed: Observed, host: string, value: ObservedHost): Observed {
  return { ...observed, hosts: { ...observed.hosts, [host]: value } };
}
