import { type Command, type CommandOf, type ErrorCode, edgeName } from '@dolphin/protocol';
import type { CommandVerdict } from './accept-command.js';
import { findSlot, type HostFile, type SlotRecord, withSlot } from './host-file.js';

type DrainBody = CommandOf<'drain'>['body'];
type UndrainBody = CommandOf<'undrain'>['body'];

/**
 * May this drain be obeyed? First match wins:
 *   1. of a back source: its clients are the other edges of this host, which are not the pod's to move.
 *   2. of a generation that the slot does not hold (yet, or any more): refused.
 *   3. of one that is gone, or that drains with this deadline: `already`.
 *   4. otherwise it drains, from now on, with this deadline.
 */
export function acceptDrain(file: HostFile, command: Command, drain: DrainBody): CommandVerdict {
  if (drain.role === 'back-source') {
    const why = 'its clients are the stream edges of this host';
    return refused('E_UNSUPPORTED', { what: `a drain of ${edgeName(drain)}`, why });
  }
  const found = recordFor(file, drain);
  if ('result' in found) return found;
  const record = { ...found, term: command.term, sequence: command.sequence };
  const already = record.wanted === null || record.drain?.deadlineMs === drain.deadlineMs;
  const { deadlineMs } = drain;
  const next = already ? record : { ...record, ...causesOf(command), drain: { deadlineMs } };
  return { result: 'accepted', already, file: withSlot(file, next) };
}

/** Whether its edge can still be kept is known only where it runs: the caller tries that before it writes the file. */
export function acceptUndrain(file: HostFile, command: Command, undrain: UndrainBody): CommandVerdict {
  const found = recordFor(file, undrain);
  if ('result' in found) return found;
  if (found.wanted === null) return refused('E_NOT_DRAINING', { edge: edgeName(undrain), why: 'it is gone' });
  const { drain, ...kept } = found;
  const already = drain === undefined;
  const next = { ...kept, term: command.term, sequence: command.sequence, ...(already ? {} : causesOf(command)) };
  return { result: 'accepted', already, file: withSlot(file, next) };
}

function recordFor(file: HostFile, about: DrainBody | UndrainBody): SlotRecord | CommandVerdict {
  const record = findSlot(file, about);
  const edge = edgeName(about);
  if (record === undefined || about.generation > record.generation) {
    return refused('E_NOT_FOUND', { what: `${edge}, generation ${about.generation},` });
  }
  if (about.generation < record.generation) {
    return refused('E_GENERATION_STALE', { edge, theirs: about.generation, ours: record.generation });
  }
  return record;
}

function causesOf(command: Command): Pick<SlotRecord, 'causationId' | 'correlationId'> {
  return {
    causationId: command.causationId ?? command.id,
    ...(command.correlationId === undefined ? {} : { correlationId: command.correlationId }),
  };
}

function refused(code: ErrorCode, details: Record<string, string | number>): CommandVerdict {
  return { result: 'refused', code, details };
}
