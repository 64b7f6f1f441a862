import { type Command, type CommandOf, type ErrorCode, edgeName } from '@dolphin/protocol';
import type { CommandVerdict } from './accept-command.js';
import { findSlot, type HostFile, withSlot } from './host-file.js';
import { type KnownNames, unknownName } from './known-names.js';

type RestartBody = CommandOf<'restart'>['body'];

/**
 * May this restart be obeyed? It names the generation that is to come: the slot's definition again, under a higher number.
 * First match wins:
 *   1. there is no such edge, or it is to go: nothing can be done again.
 *   2. that generation is there: `already`; a newer leader's (term, sequence) is kept.
 *   3. it is below the slot's: refused, as a spawn would be.
 *   4. its engine or conf is not configured here any more: refused, and the one that runs goes on.
 */
export function acceptRestart(
  file: HostFile,
  command: Command,
  restart: RestartBody,
  known: KnownNames,
): CommandVerdict {
  const edge = edgeName(restart);
  const record = findSlot(file, restart);
  if (record?.wanted == null || record.drain !== undefined) return refused('E_NOT_FOUND', { what: edge });
  const { generation } = restart;
  const { term, sequence } = command;
  if (generation < record.generation) {
    return refused('E_GENERATION_STALE', { edge, theirs: generation, ours: record.generation });
  }
  if (generation === record.generation) {
    return { result: 'accepted', already: true, file: withSlot(file, { ...record, term, sequence }) };
  }
  const { wanted, correlationId: _, ...kept } = record;
  const unknown = unknownName(wanted, known);
  if (unknown !== null) return refused(unknown.code, unknown.details);
  const next = {
    ...{ ...kept, generation, term, sequence, wanted: { ...wanted, generation } },
    causationId: command.causationId ?? command.id,
    ...(command.correlationId === undefined ? {} : { correlationId: command.correlationId }),
  };
  return { result: 'accepted', already: false, file: withSlot(file, next) };
}

function refused(code: ErrorCode, details: Record<string, string | number>): CommandVerdict {
  return { result: 'refused', code, details };
}
