import type { LogEnvelope } from '@dolphin/protocol';
import { shortageOf } from './capacity.js';
import { evolveDecisions } from './evolve-decisions.js';
import { evolveFacts } from './evolve-facts.js';
import { evolveOperator } from './evolve-operator.js';
import { ignored, never } from './evolve-steps.js';
import type { FarmState } from './farm-state.js';

/** What the fold needs of a stored envelope. */
export interface Stored {
  readonly sequence: number;
  /** The server's stored time. */
  readonly at: string;
  readonly envelope: LogEnvelope;
}

/** The next state. Total: whatever an envelope says, it gives a state, with `sequence` advanced. */
export function evolve(before: FarmState, stored: Stored): FarmState {
  const state = folded(before, stored);
  // That a shortage is over no leader has to write down: should it come back, it is decided again.
  const isOver = state.short !== null && isMoved(before, state) && shortageOf(state) === null;
  return isOver ? { ...state, short: null } : state;
}

function isMoved(before: FarmState, after: FarmState): boolean {
  return before.hosts !== after.hosts || before.spec !== after.spec;
}

function folded(state: FarmState, { sequence, at, envelope }: Stored): FarmState {
  const next: FarmState = { ...state, sequence };
  switch (envelope.kind) {
    case 'operator':
      return evolveOperator({ ...next, operatorSequence: sequence }, envelope, { sequence, at });
    case 'decisions':
      return evolveDecisions({ ...next, decisionsSequence: sequence }, envelope, sequence);
    case 'facts':
      return evolveFacts(next, envelope, sequence);
    default:
      return never(envelope);
  }
}

/** The guarded subject that an entry is on. */
export type GuardedSubject = 'operator' | 'decisions' | 'other';

/** An entry that cannot be decoded: the sequences go on, so that the guard still holds. */
export function evolveUnreadable(
  state: FarmState,
  entry: { sequence: number; why: string; on: GuardedSubject },
): FarmState {
  const { sequence, why, on } = entry;
  return { ...passed(state, sequence, on), unreadable: state.unreadable ?? { sequence, why } };
}

/** A message that nobody appended says nothing, whatever it holds; the guard counts it. */
export function evolveStray(state: FarmState, { sequence, on }: { sequence: number; on: GuardedSubject }): FarmState {
  return ignored(passed(state, sequence, on));
}

function passed(state: FarmState, sequence: number, on: GuardedSubject): FarmState {
  return {
    ...state,
    sequence,
    ...(on === 'operator' && { operatorSequence: sequence }),
    ...(on === 'decisions' && { decisionsSequence: sequence }),
  };
}
