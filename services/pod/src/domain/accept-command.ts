import { type Command, type EdgeDefinition, type EdgeKey, type ErrorCode, edgeName } from '@dolphin/protocol';
import { acceptDrain, acceptUndrain } from './accept-drain.js';
import { acceptRestart } from './accept-restart.js';
import { findSlot, type HostFile, type SlotRecord, withSlot } from './host-file.js';
import { type KnownNames, unknownName } from './known-names.js';

export type CommandVerdict =
  | {
      readonly result: 'accepted';
      /** It, or its effect, had been accepted before: nothing is started or stopped. */
      readonly already: boolean;
      /** To be persisted before the command is answered. */
      readonly file: HostFile;
    }
  | { readonly result: 'refused'; readonly code: ErrorCode; readonly details: Record<string, string | number> };

/**
 * May this command be obeyed? Rules, first match wins:
 *   1. another farm's, or for another host: refused, whatever it says.
 *   2. its term is below the highest seen: a leader that does not know that it is over.
 *   3. its (term, sequence) is below the slot's: overtaken by a newer one.
 *   4. a generation below the slot's, or the same one wanted again after its kill, or redefined: refused; a kill is
 *      never taken back.
 *   5. the same definition again: `already`; a newer leader's (term, sequence) is kept.
 *   6. a drain, or its taking back, is about a generation that is there (accept-drain.ts); a spawn of a drained one is
 *      refused, a spawn above it, or a kill, ends the matter.
 *   7. a restart is a spawn of the slot's own definition (accept-restart.ts).
 * An engine or a conf that is not configured here is refused before anything is written.
 */
export function acceptCommand(file: HostFile, command: Command, known: KnownNames): CommandVerdict {
  if (command.host !== file.host) {
    return refused('E_HOST_MISMATCH', { ours: file.host, theirs: command.host });
  }
  if (file.farmId !== null && command.farmId !== file.farmId) {
    return refused('E_FARM_MISMATCH', { ours: file.farmId, theirs: command.farmId });
  }
  if (command.term < file.term) {
    return refused('E_TERM_STALE', { ours: file.term, theirs: command.term });
  }
  const seen: HostFile = { ...file, farmId: command.farmId, term: command.term };
  const { body } = command;
  switch (body.type) {
    case 'adopt':
      return { result: 'accepted', already: command.term === file.term, file: seen };
    case 'spawn':
      return acceptSpawn(seen, command, body.edge, known);
    case 'kill':
      return acceptKill(seen, command, body);
    case 'drain':
      return overtaken(findSlot(seen, body), command, body) ?? acceptDrain(seen, command, body);
    case 'undrain':
      return overtaken(findSlot(seen, body), command, body) ?? acceptUndrain(seen, command, body);
    case 'restart':
      return overtaken(findSlot(seen, body), command, body) ?? acceptRestart(seen, command, body, known);
    default:
      return never(body);
  }
}

function acceptSpawn(file: HostFile, command: Command, edge: EdgeDefinition, known: KnownNames): CommandVerdict {
  const record = findSlot(file, edge);
  const stale = overtaken(record, command, edge);
  if (stale !== null) return stale;
  if (record !== undefined && edge.generation <= record.generation) {
    const again = edge.generation === record.generation && isKept(record) && sameEdge(record.wanted, edge);
    if (!again) {
      return refused('E_GENERATION_STALE', {
        edge: edgeName(edge),
        theirs: edge.generation,
        ours: record.generation,
      });
    }
    const kept: SlotRecord = { ...record, term: command.term, sequence: command.sequence };
    return { result: 'accepted', already: true, file: withSlot(file, kept) };
  }
  const unknown = unknownName(edge, known);
  if (unknown !== null) return refused(unknown.code, unknown.details);
  return { result: 'accepted', already: false, file: withSlot(file, recordOf(command, edge, edge.generation, edge)) };
}

function isKept(record: SlotRecord): record is SlotRecord & { wanted: EdgeDefinition } {
  return record.wanted !== null && record.drain === undefined;
}

function acceptKill(file: HostFile, command: Command, kill: EdgeKey & { generation: number }): CommandVerdict {
  const record = findSlot(file, kill);
  const stale = overtaken(record, command, kill);
  if (stale !== null) return stale;
  if (record !== undefined && kill.generation < record.generation) {
    return refused('E_GENERATION_STALE', { edge: edgeName(kill), theirs: kill.generation, ours: record.generation });
  }
  // Also for a slot that is empty here: a late spawn of that generation must find the mark.
  const already = record === undefined || record.wanted === null;
  return { result: 'accepted', already, file: withSlot(file, recordOf(command, kill, kill.generation, null)) };
}

function overtaken(record: SlotRecord | undefined, command: Command, key: EdgeKey): CommandVerdict | null {
  if (record === undefined) return null;
  const below = command.term < record.term || (command.term === record.term && command.sequence < record.sequence);
  if (!below) return null;
  return refused('E_COMMAND_STALE', { edge: edgeName(key), term: command.term, sequence: command.sequence });
}

function recordOf(command: Command, key: EdgeKey, generation: number, wanted: EdgeDefinition | null): SlotRecord {
  return {
    role: key.role,
    slot: key.slot,
    generation,
    term: command.term,
    sequence: command.sequence,
    wanted,
    causationId: command.causationId ?? command.id,
    ...(command.correlationId === undefined ? {} : { correlationId: command.correlationId }),
  };
}

function sameEdge(a: EdgeDefinition, b: EdgeDefinition): boolean {
  return (
    a.engine === b.engine &&
    a.conf?.name === b.conf?.name &&
    a.conf?.revision === b.conf?.revision &&
    a.ports.rtmp === b.ports.rtmp &&
    a.ports.http === b.ports.http &&
    a.ports.api === b.ports.api &&
    a.origins.length === b.origins.length &&
    a.origins.every((origin, index) => origin === b.origins[index])
  );
}

function refused(code: ErrorCode, details: Record<string, string | number>): CommandVerdict {
  return { result: 'refused', code, details };
}

function never(body: never): never {
  throw new Error(`unknown command ${JSON.stringify(body)}`);
}
