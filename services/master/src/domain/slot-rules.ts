import { type CommandBody, type EdgeStatus, edgeName } from '@dolphin/protocol';
import type { DecisionDraft } from './decision-draft.js';
import { type HostState, type SlotState, slotsOf } from './farm-state.js';
import { isUnknown, lifeOf, type ObservedHost, reportedEdge, type SentCommand } from './observation.js';
import { isDue, type PlannedCommand } from './planned-command.js';
import { generationToDrain, isDrainDecided, releaseAsked, renewAsked } from './slot-asks.js';
import { GAVE_UP_BASE_MS, GAVE_UP_MAX_MS } from './timing.js';

export interface SlotCase {
  readonly slot: SlotState;
  readonly reported: EdgeStatus | undefined;
  readonly sent: SentCommand | undefined;
  readonly gaveUp: { readonly generation: number; readonly at: number } | undefined;
  /** Its host is drained: what becomes of the edge is decided with the others there. */
  readonly isHostDrained: boolean;
  readonly now: number;
}

type CommandVerdict = 'spawn' | 'kill' | 'drain' | 'undrain' | 'restart';
type DecisionVerdict = 'release' | 'renew' | 'new-generation';
export type SlotVerdict = CommandVerdict | DecisionVerdict | 'nothing';

interface Rule {
  readonly name: string;
  /** The failure that it prevents. */
  readonly prevents: string;
  readonly when: (c: SlotCase) => boolean;
  readonly verdict: SlotVerdict;
}

/** What is to be done about one slot of an adopted host. First match wins. */
export const SLOT_RULES: readonly Rule[] = [
  {
    name: 'reported, newer than the log knows',
    prevents: 'an edge that nobody decided about is killed, with its viewers',
    when: ({ slot, reported }) => reported !== undefined && isUnknown(slot, reported),
    verdict: 'nothing',
  },
  {
    name: 'an operator drains it, and that is not decided',
    prevents: 'an edge that somebody wants empty gets clients, or waits for them longer than was asked',
    when: ({ slot, reported, isHostDrained }) =>
      !isHostDrained &&
      slot.killAsked === null &&
      !isDrainDecided(slot) &&
      (slot.status === 'assigned' || reported !== undefined),
    verdict: 'release',
  },
  {
    name: 'released, drains, and an operator asked for its end',
    prevents: 'an edge that misbehaves keeps its clients because it was to go anyway',
    when: ({ slot, reported }) =>
      slot.status === 'released' && slot.drainMs > 0 && slot.killAsked !== null && reported !== undefined,
    verdict: 'release',
  },
  {
    name: 'released, not there, but a spawn of it may still be on its way',
    prevents: 'a spawn that arrives late starts what nobody wants any more: the kill leaves a mark that refuses it',
    when: ({ slot, reported, sent }) =>
      slot.status === 'released' && reported === undefined && sent !== undefined && mayStillStart(sent),
    verdict: 'kill',
  },
  {
    name: 'released, gone',
    prevents: 'kills are sent for ever',
    when: ({ slot, reported }) => slot.status === 'released' && reported === undefined,
    verdict: 'nothing',
  },
  {
    name: 'released, ending, as this decision told it to',
    prevents: 'a drain is begun again by each round',
    when: ({ slot, reported }) => slot.status === 'released' && isEnding(reported) && knowsDecision(slot, reported),
    verdict: 'nothing',
  },
  {
    name: 'released, still there, and its clients may stay for a while',
    prevents: 'players are cut off because the farm shrinks',
    when: ({ slot }) => slot.status === 'released' && slot.drainMs > 0,
    verdict: 'drain',
  },
  {
    name: 'released, still there',
    prevents: 'a kill that was lost leaves an edge behind',
    when: ({ slot }) => slot.status === 'released',
    verdict: 'kill',
  },
  {
    name: 'assigned, and an operator asked for its end',
    prevents: 'an edge that misbehaves serves on',
    when: ({ slot }) => slot.killAsked !== null,
    verdict: 'release',
  },
  {
    name: 'kept, and its host has not been told',
    prevents: 'a drain that is taken back goes on, or one that was on its way arrives after all',
    when: ({ slot, reported }) =>
      slot.isKept &&
      reported?.generation === slot.generation &&
      !knowsDecision(slot, reported) &&
      (reported.state === 'ready' || reported.state === 'draining'),
    verdict: 'undrain',
  },
  {
    name: 'there, and an operator asked for a restart',
    prevents: 'an edge that leaks or runs an old program goes on until it fails',
    // One that is not seen yet may have started all the same: a spawn in its place would cut off its clients.
    when: ({ slot, reported }) => slot.restartAsked !== null && reported !== undefined,
    verdict: 'renew',
  },
  {
    name: 'takes over from the one before, which goes as it was told',
    prevents: 'a restart is begun again by each round',
    when: ({ slot, reported }) => isReplacing(slot, reported) && knowsDecision(slot, reported),
    verdict: 'nothing',
  },
  {
    name: 'takes over from the one before, which does not know',
    prevents: 'a restart that was lost leaves the old process where it is',
    when: ({ slot, reported }) => isReplacing(slot, reported),
    verdict: 'restart',
  },
  {
    name: 'assigned, given up by its pod for long enough',
    prevents: 'what was repaired meanwhile stays down for ever',
    when: (c) => isGivenUpLongEnough(c),
    verdict: 'new-generation',
  },
  {
    name: 'assigned, there',
    prevents: 'an edge that runs is started again',
    when: ({ slot, reported }) => reported?.generation === slot.generation,
    verdict: 'nothing',
  },
  {
    name: 'assigned, and its generation was refused as used up',
    prevents: 'a slot whose pod knows a kill that the log lost is asked for in vain for ever',
    when: ({ slot, sent }) => sent?.code === 'E_GENERATION_STALE' && isAbout(sent, 'spawn', slot),
    verdict: 'new-generation',
  },
  {
    name: 'assigned, not there',
    prevents: 'a spawn that was lost leaves the farm short',
    when: () => true,
    verdict: 'spawn',
  },
];

export interface SlotPlan {
  readonly decisions: DecisionDraft[];
  readonly commands: PlannedCommand[];
}

/** Decisions about, and commands for, the slots of one adopted host whose pod is up. */
export function planSlots(host: HostState, seen: ObservedHost, term: number, now: number): SlotPlan {
  const decisions: DecisionDraft[] = [];
  const commands: PlannedCommand[] = [];
  for (const slot of slotsOf(host)) {
    const name = edgeName(slot);
    const c: SlotCase = {
      slot,
      reported: reportedEdge(seen.pod, name),
      sent: seen.sent[name],
      gaveUp: seen.gaveUp[name],
      isHostDrained: host.drain !== null,
      now,
    };
    const verdict = SLOT_RULES.find((rule) => rule.when(c))?.verdict ?? 'nothing';
    if (verdict === 'nothing') continue;
    if (verdict === 'new-generation') decisions.push(newGeneration(host, slot));
    else if (verdict === 'release') decisions.push(releaseAsked(host, slot));
    else if (verdict === 'renew') decisions.push(renewAsked(host, slot));
    else {
      const command = {
        host: host.host,
        epoch: lifeOf(host, seen),
        term,
        body: bodyOf(verdict, c),
        ...followsFrom(slot),
      };
      if (isDue(c.sent, command, now)) commands.push(command);
    }
  }
  return { decisions, commands };
}

/** Of the newest command for a slot: without an accepted kill after it, an older spawn can still take effect. */
function mayStillStart(sent: SentCommand): boolean {
  switch (sent.type) {
    case 'adopt':
      return false;
    case 'spawn':
      return sent.outcome !== 'refused';
    case 'kill':
      return sent.outcome === 'unanswered' || sent.outcome === 'waiting';
    case 'drain':
      // Only a host that has the edge takes it; one that refuses it may still get the spawn before.
      return sent.outcome !== 'accepted';
    case 'undrain':
    case 'restart':
      return true;
    default:
      return never(sent.type);
  }
}

function isEnding(reported: EdgeStatus | undefined): boolean {
  return reported?.state === 'draining' || reported?.state === 'stopping' || reported?.state === 'exited';
}

/** What is reported is the generation before, which is to go. */
function isReplacing(slot: SlotState, reported: EdgeStatus | undefined): boolean {
  return (
    slot.status === 'assigned' && slot.renewMs !== null && (reported?.generation ?? slot.generation) < slot.generation
  );
}

/**
 * The row was written after the host accepted the command of this decision. A log that was begun anew counts from 1 again; its
 * terms are above all that hosts had accepted before.
 */
function knowsDecision(slot: SlotState, reported: EdgeStatus | undefined): boolean {
  return reported !== undefined && reported.term >= slot.term && reported.sequence >= slot.decided.sequence;
}

function isGivenUpLongEnough({ slot, reported, gaveUp, now }: SlotCase): boolean {
  if (slot.status !== 'assigned' || reported?.state !== 'gave-up' || reported.generation !== slot.generation)
    return false;
  if (gaveUp?.generation !== slot.generation) return false;
  const waitMs = Math.min(GAVE_UP_MAX_MS, GAVE_UP_BASE_MS * 2 ** Math.min(Math.max(slot.gaveUpInARow - 1, 0), 10));
  return now - gaveUp.at >= waitMs;
}

function isAbout(sent: SentCommand, type: SentCommand['type'], slot: SlotState): boolean {
  return sent.type === type && sent.generation === slot.generation && sent.sequence === slot.decided.sequence;
}

/** The same edge again, under a number that its pod has not seen. */
function newGeneration(host: HostState, slot: SlotState): DecisionDraft {
  return {
    type: 'edge-assigned',
    host: host.host,
    role: slot.role,
    slot: slot.slot,
    generation: slot.generation + 1,
    engine: slot.engine,
    ...(slot.conf && { conf: slot.conf }),
    ports: slot.ports,
    origins: [...slot.origins],
    causationId: slot.decided.entryId,
    ...(slot.decided.correlationId !== null && { correlationId: slot.decided.correlationId }),
  };
}

function followsFrom({ decided }: SlotState) {
  return { sequence: decided.sequence, causationId: decided.entryId, correlationId: decided.correlationId };
}

function bodyOf(verdict: CommandVerdict, { slot, reported, sent }: SlotCase): CommandBody {
  const { role, slot: number, generation, engine, conf, ports, origins } = slot;
  switch (verdict) {
    case 'spawn':
      return {
        type: 'spawn',
        edge: { role, slot: number, generation, engine, ...(conf && { conf }), ports, origins: [...origins] },
      };
    case 'drain':
      return {
        ...{ type: 'drain', role, slot: number, deadlineMs: slot.drainMs },
        generation: generationToDrain(slot, reported, sent),
      };
    case 'restart':
      return { type: 'restart', role, slot: number, generation, drainMs: slot.renewMs ?? 0 };
    case 'kill':
    case 'undrain':
      return { type: verdict, role, slot: number, generation };
    default:
      return never(verdict);
  }
}

function never(value: never): never {
  throw new TypeError(`no such case: ${JSON.stringify(value)}`);
}
