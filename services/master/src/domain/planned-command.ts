import { type CommandBody, edgeName } from '@dolphin/protocol';
import type { HostState } from './farm-state.js';
import { lifeOf, type ObservedHost, type SentCommand } from './observation.js';
import { originProblem } from './origin-reach.js';
import { RESEND_ACCEPTED_MS, RESEND_POD_DOWN_MS, RESEND_REFUSED_MS, RESEND_UNANSWERED_MS } from './timing.js';

/** A command as the reconciler gives it; whoever sends it gives it its id and the farm's. */
export interface PlannedCommand {
  readonly host: string;
  readonly epoch: number;
  readonly term: number;
  /** Of the decision that it follows from; 0 for adopt. */
  readonly sequence: number;
  readonly causationId: string | null;
  readonly correlationId: string | null;
  readonly body: CommandBody;
}

/** The host's answer brings its full state, and makes it refuse lower terms. */
export function planAdopt(host: HostState, seen: ObservedHost, term: number, now: number): PlannedCommand[] {
  const problem = originProblem(host);
  const command: PlannedCommand = {
    host: host.host,
    epoch: lifeOf(host, seen),
    term,
    sequence: 0,
    causationId: null,
    correlationId: null,
    body: { type: 'adopt', ...(problem && { problem }) },
  };
  return isDue(seen.sent['adopt'], command, now) ? [command] : [];
}

/** Is the same command on its way, or answered so lately that the reported state cannot show it yet? */
export function isDue(sent: SentCommand | undefined, command: PlannedCommand, now: number): boolean {
  if (!sent) return true;
  const isSame =
    sent.type === command.body.type &&
    sent.term === command.term &&
    sent.sequence === command.sequence &&
    sent.generation === generationOf(command.body) &&
    sent.epoch === command.epoch;
  if (!isSame) return sent.outcome !== 'waiting';
  const age = now - sent.at;
  switch (sent.outcome) {
    case 'waiting':
      return false;
    case 'accepted':
      return age >= RESEND_ACCEPTED_MS;
    case 'refused':
      return age >= (sent.code === 'E_POD_DOWN' ? RESEND_POD_DOWN_MS : RESEND_REFUSED_MS);
    case 'unanswered':
      return age >= RESEND_UNANSWERED_MS;
    default:
      return never(sent.outcome);
  }
}

export function generationOf(body: CommandBody): number {
  switch (body.type) {
    case 'adopt':
      return 0;
    case 'spawn':
      return body.edge.generation;
    case 'kill':
    case 'drain':
    case 'undrain':
    case 'restart':
      return body.generation;
    default:
      return never(body);
  }
}

/**
 * Of the command that carries a decision out: it names it, because a refusal stands in the log under the command's id, and
 * whoever reads that has not seen the command. `unique`: of this sending.
 */
export function commandIdOf(planned: PlannedCommand, unique: string): string {
  return planned.causationId === null ? unique : `${planned.causationId}/${unique}`;
}

export function isCommandOf(commandId: string, decisionId: string): boolean {
  return commandId.startsWith(`${decisionId}/`);
}

/** The name under which an answer is kept: a slot's, or `adopt`. */
export function sentKey(body: CommandBody): string {
  switch (body.type) {
    case 'adopt':
      return 'adopt';
    case 'spawn':
      return edgeName(body.edge);
    case 'kill':
    case 'drain':
    case 'undrain':
    case 'restart':
      return edgeName(body);
    default:
      return never(body);
  }
}

function never(value: never): never {
  throw new TypeError(`no such case: ${JSON.stringify(value)}`);
}
