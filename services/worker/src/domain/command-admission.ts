import { Command, DolphinError, edgeName, type Fact, LATER_COMMANDS, MAX_COMMAND_BYTES } from '@dolphin/protocol';
import { z } from 'zod';
import { leavingRefusal } from './leave-rules.js';

/** Who this worker is: what a command must be meant for. */
export interface Addressee {
  readonly farmId: string;
  readonly host: string;
  readonly epoch: number;
}

export interface Standing {
  /** Why its part of the log cannot be used; null: it can. */
  readonly readOnly: DolphinError | null;
  /** It was told to leave the farm. */
  readonly isLeaving: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const Later = Command.extend({ body: z.looseObject({ type: z.enum(LATER_COMMANDS) }) });

/** Bytes from the bus as a command, or why they are none: E_TOO_LARGE, E_BAD_REQUEST, E_NOT_YET. */
export function readCommand(data: Uint8Array): Command | DolphinError {
  if (data.length > MAX_COMMAND_BYTES) {
    return new DolphinError('E_TOO_LARGE', { what: 'the command', limitBytes: MAX_COMMAND_BYTES });
  }
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(data));
  } catch (cause) {
    return new DolphinError('E_BAD_REQUEST', { why: 'not JSON in UTF-8' }, { cause });
  }
  const parsed = Command.safeParse(json);
  if (parsed.success) return parsed.data;
  const later = Later.safeParse(json);
  if (later.success) return new DolphinError('E_NOT_YET', { what: `the command ${later.data.body.type}` });
  const issue = parsed.error.issues[0];
  return new DolphinError('E_BAD_REQUEST', { why: `${issue?.path.map(String).join('.')}: ${issue?.message}` });
}

/**
 * May this command go on to the pod? Null: yes. The pod judges term, sequence and generation, for it remembers them
 * over a worker's death; the worker judges what only it knows. Epoch 0 means: whichever life reads it. A host
 * that is read-only takes adopt alone, one that leaves nothing that brings edges.
 */
export function refusalOf(command: Command, me: Addressee, standing: Standing): DolphinError | null {
  if (command.host !== me.host) return new DolphinError('E_HOST_MISMATCH', { ours: me.host, theirs: command.host });
  if (command.farmId !== me.farmId) {
    return new DolphinError('E_FARM_MISMATCH', { ours: me.farmId, theirs: command.farmId });
  }
  if (command.epoch !== 0 && command.epoch !== me.epoch) {
    return new DolphinError('E_EPOCH_STALE', { ours: me.epoch, theirs: command.epoch });
  }
  if (command.body.type !== 'adopt' && standing.readOnly !== null) return standing.readOnly;
  return standing.isLeaving ? leavingRefusal(command.body, me.host) : null;
}

/**
 * Two refusals with the same key are one fact: a leader sends a refused command again each round, with a new id, and
 * the log is not the place for that.
 */
export function refusalKey(command: Command, code: string): string {
  const { body } = command;
  const about =
    body.type === 'adopt'
      ? ''
      : body.type === 'spawn'
        ? `${edgeName(body.edge)}/${body.edge.generation}`
        : `${edgeName(body)}/${body.generation}`;
  return [code, command.farmId, command.host, command.epoch, command.term, command.sequence, body.type, about].join(
    ' ',
  );
}

/** What the log's text fields take. */
const MAX_TEXT = 1024;

export function refusalFact(command: Command, refused: { code: string; message: string }, id: string): Fact {
  return {
    type: 'command-refused',
    id,
    causationId: command.id,
    ...(command.correlationId !== undefined &&
      command.correlationId !== '' && { correlationId: command.correlationId }),
    commandId: command.id,
    code: refused.code.slice(0, MAX_TEXT),
    message: refused.message.slice(0, MAX_TEXT),
  };
}
