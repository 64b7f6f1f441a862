import { edgeName } from '@dolphin/protocol';
import { type FarmState, type HostState, hostsOf, type SlotState, slotsOf } from './farm-state.js';
import {
  type ChangeWatch,
  isUnknown,
  type Observed,
  type ObservedHost,
  observedHost,
  reportedEdge,
} from './observation.js';
import { sameJson } from './same-json.js';
import { SILENT_AFTER_MS } from './timing.js';

/**
 * What a leader remembers of the edges that a rolling change has in hand: since when the next generation is awaited, and
 * since when it is ready. It dies with the leader: the next one watches as long again, and so never takes for healthy what
 * nobody saw. Gives `observed` itself where nothing is to be noted.
 */
export function watchChanges(state: FarmState, observed: Observed, now: number): Observed {
  let next = observed;
  for (const host of hostsOf(state)) {
    const seen = observedHost(next, host.host);
    const changes = changesOn(host, seen, now);
    if (sameJson(changes, seen.changes)) continue;
    next = { ...next, hosts: { ...next.hosts, [host.host]: { ...seen, changes } } };
  }
  return next;
}

function changesOn(host: HostState, seen: ObservedHost, now: number): ObservedHost['changes'] {
  const inHand = slotsOf(host).filter((slot) => slot.changing !== null);
  return Object.fromEntries(inHand.map((slot) => [edgeName(slot), watchOf(slot, seen, now)]));
}

function watchOf(slot: SlotState, seen: ObservedHost, now: number): ChangeWatch {
  const reported = reportedEdge(seen.pod, edgeName(slot));
  const known = seen.changes[edgeName(slot)];
  const before = known?.specVersion === slot.changing ? known : undefined;
  // How long clients of the old one may stay is the drain's affair, as long as its host tells of it.
  const isOld = slot.status === 'released' || (slot.renewMs !== null && (reported?.generation ?? 0) < slot.generation);
  const isOurs = reported !== undefined && !isUnknown(slot, reported);
  const isEmptying = isOld && isOurs && seen.silentMs < SILENT_AFTER_MS;
  const awaitedSince = isEmptying ? null : (before?.awaitedSince ?? now);
  const isReady = slot.status === 'assigned' && reported?.generation === slot.generation && reported.state === 'ready';
  const { generation } = slot;
  const pid = reported?.pid ?? null;
  const isSame = before?.ready?.generation === generation && before.ready.pid === pid;
  const ready = isReady ? (isSame && before.ready) || { generation, pid, at: now } : null;
  return { specVersion: slot.changing ?? 0, awaitedSince, ready };
}
