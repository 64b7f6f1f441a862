import { type Decision, type DecisionEnvelope, edgeName } from '@dolphin/protocol';
import { ignored, isForeign, never, refOf, withHost, withSlot } from './evolve-steps.js';
import { evolveUpdate } from './evolve-update.js';
import type { FarmState } from './farm-state.js';

/** What a leader decided; one whose term was over by then decided nothing. */
export function evolveDecisions(start: FarmState, envelope: DecisionEnvelope, sequence: number): FarmState {
  if (isForeign(start, envelope) || envelope.term < (start.leader?.term ?? 0)) return ignored(start);
  let state = start;
  for (const entry of envelope.entries) state = evolveDecision(state, entry, sequence);
  return state;
}

/** One decision of the leader of this time. */
export function evolveDecision(state: FarmState, entry: Decision, sequence: number): FarmState {
  const ref = refOf(entry, sequence);
  const term = state.leader?.term ?? 0;
  switch (entry.type) {
    case 'leader-elected':
      return { ...state, leader: { master: entry.master, term: entry.term, elected: ref } };
    case 'edge-assigned':
    case 'edge-adopted':
      return withHost(state, entry.host, (host) => {
        const before = host.slots[edgeName(entry)];
        if (before && entry.generation <= before.generation) return host;
        return withSlot(host, {
          role: entry.role,
          slot: entry.slot,
          generation: entry.generation,
          engine: entry.engine,
          ...(entry.conf && { conf: entry.conf }),
          ports: entry.ports,
          origins: entry.origins,
          status: 'assigned',
          decided: ref,
          term,
          gaveUpInARow: before?.status === 'assigned' ? before.gaveUpInARow : 0,
          refusal: null,
          drainMs: 0,
          forDrain: null,
          isKept: false,
          killAsked: null,
          // The next generation of what a rolling change has in hand is in its hand, too.
          changing: before?.changing ?? null,
          setAside: before?.setAside ?? null,
          restartAsked: null,
          renewMs: null,
        });
      });
    case 'edge-released':
      return withHost(state, entry.host, (host) => {
        const before = host.slots[edgeName(entry)];
        if (before?.generation !== entry.generation) return host;
        const drainMs = entry.drainMs ?? 0;
        // Of the drain that it was decided for, which another one may have taken the place of meanwhile.
        const asked = (host.drain ?? before.setAside)?.asked.entryId;
        const forDrain = asked === entry.causationId ? (asked ?? null) : null;
        const released = {
          status: 'released',
          decided: ref,
          term,
          drainMs,
          forDrain,
          isKept: false,
          // A drain does not do what was asked: that is decided next.
          killAsked: drainMs > 0 ? before.killAsked : null,
          changing: null,
          restartAsked: null,
        } as const;
        return withSlot(host, { ...before, ...released });
      });
    case 'edge-kept':
      return withHost(state, entry.host, (host) => {
        const before = host.slots[edgeName(entry)];
        const isDraining = before?.status === 'released' && before.drainMs > 0;
        if (!isDraining || before.generation !== entry.generation) return host;
        const kept = {
          status: 'assigned',
          decided: ref,
          term,
          drainMs: 0,
          forDrain: null,
          isKept: true,
          changing: null,
        } as const;
        return withSlot(host, { ...before, ...kept });
      });
    case 'edge-renewed':
      return withHost(state, entry.host, (host) => {
        const before = host.slots[edgeName(entry)];
        if (before?.status !== 'assigned' || entry.generation <= before.generation) return host;
        const renewed = { generation: entry.generation, decided: ref, term, renewMs: entry.drainMs, refusal: null };
        return withSlot(host, { ...before, ...renewed, isKept: false, restartAsked: null });
      });
    case 'host-unmanaged':
      return withHost(state, entry.host, (host) => ({ ...host, liveness: 'unmanaged' }));
    case 'host-lost':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => ({ ...host, liveness: 'lost' }));
    case 'host-returned':
      return withHost({ ...state, lastMove: ref }, entry.host, (host) => ({ ...host, liveness: 'up' }));
    case 'placement-short':
      return {
        ...state,
        short: { specVersion: state.spec?.version ?? 0, asked: entry.asked, placed: entry.placed },
      };
    case 'update-started':
    case 'update-step':
    case 'update-edge-failed':
    case 'update-stopped':
    case 'update-finished':
      return evolveUpdate(state, entry);
    default:
      return never(entry);
  }
}
