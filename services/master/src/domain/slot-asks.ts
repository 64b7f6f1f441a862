import { type EdgeStatus, hasViewers } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import type { EntryRef, HostState, SlotState } from './farm-state.js';
import type { SentCommand } from './observation.js';

/** What follows from what an operator asks of a single edge. */

/** Was it released for the drain that is asked for now? Asked again, it may have another deadline. */
export function isDrainDecided({ setAside, status, drainMs, forDrain }: SlotState): boolean {
  if (setAside === null) return true;
  // A kill is never taken back, nor made a drain.
  return status === 'released' && (drainMs === 0 || forDrain === setAside.asked.entryId);
}

/** A kill: at once, with its clients; placement then puts another one in its place. A drain: when they left. */
export function releaseAsked(
  host: HostState,
  { role, slot, generation, killAsked, setAside }: SlotState,
): DecisionDraft {
  const edge = { type: 'edge-released', host: host.host, role, slot, generation } as const;
  if (killAsked !== null || setAside === null) {
    return { ...edge, why: 'an operator asked for its end', ...followsFrom(killAsked) };
  }
  return { ...edge, drainMs: setAside.deadlineMs, why: 'an operator drains it', ...followsFrom(setAside.asked) };
}

/** Clients of a back source are the other edges of its host: they pull again from the new one. */
export function renewAsked(host: HostState, { role, slot, generation, restartAsked }: SlotState): DecisionDraft {
  const drainMs = hasViewers(role) ? (restartAsked?.deadlineMs ?? 0) : 0;
  return {
    ...{ type: 'edge-renewed', host: host.host, role, slot, generation: generation + 1, drainMs },
    why: 'an operator asked for a restart',
    ...followsFrom(restartAsked?.asked ?? null),
  };
}

function followsFrom(asked: EntryRef | null): Pick<DecisionDraft, 'causationId' | 'correlationId'> {
  return asked === null ? {} : { causationId: asked.entryId, correlationId: asked.entryId };
}

/**
 * The generation that a drain names. While one takes over from the one before, its pod knows the slot by the new one once it
 * has accepted the restart, and by the old one until then; which, is told by its answers.
 */
export function generationToDrain(
  slot: SlotState,
  reported: EdgeStatus | undefined,
  sent: SentCommand | undefined,
): number {
  if (reported === undefined || reported.generation === slot.generation) return slot.generation;
  const isNew = sent?.generation === slot.generation && sent.outcome !== 'refused';
  const isOldOver = sent?.generation === reported.generation && sent.code === 'E_GENERATION_STALE';
  return isNew || isOldOver ? slot.generation : reported.generation;
}
