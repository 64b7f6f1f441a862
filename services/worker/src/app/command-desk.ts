import { type Command, type CommandReply, DolphinError } from '@dolphin/protocol';
import type { Complaints } from '@dolphin/runtime';
import { type Addressee, readCommand, refusalOf, type Standing } from '../domain/command-admission.js';
import { MAX_COMMANDS_WAITING } from './bounds.js';
import { isFailure, type PodControl } from './ports.js';
import type { Refusals } from './refusals.js';

export interface CommandDeskDeps {
  readonly pod: Pick<PodControl, 'command'>;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly complaints: Complaints;
  /** Null: not joined. */
  readonly me: () => Addressee | null;
  readonly standing: () => Standing;
  readonly onAccepted: () => void;
}

/**
 * Takes commands from the bus, one after the other. It starts and stops nothing itself: what may pass goes to the pod,
 * whose answer is the answer.
 */
export class CommandDesk {
  readonly #deps: CommandDeskDeps;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(deps: CommandDeskDeps) {
    this.#deps = deps;
  }

  /** Null: no answer, because too many wait already. Never rejects. */
  async answer(data: Uint8Array): Promise<CommandReply | null> {
    const command = readCommand(data);
    if (command instanceof DolphinError) {
      // No fact: there is no id to say it once by.
      this.#deps.complaints.about(`what came as a command is none: ${command.code}`, { why: command.message });
      return refused(command);
    }
    if (this.#waiting >= MAX_COMMANDS_WAITING) {
      this.#deps.complaints.about('too many commands wait for the pod', { command: command.id });
      return null;
    }
    this.#waiting++;
    const answer = this.#turn.then(() => this.#decide(command));
    this.#turn = answer;
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }

  async #decide(command: Command): Promise<CommandReply> {
    const { pod, me, standing, complaints, refusals, onAccepted } = this.#deps;
    const addressee = me();
    if (addressee === null) return refused(new DolphinError('E_POD_DOWN'));
    const refusal = refusalOf(command, addressee, standing());
    const reply = refusal ? refused(refusal) : await this.#forward(command, pod);
    if (reply.result === 'accepted') {
      const problem = command.body.type === 'adopt' ? command.body.problem : undefined;
      if (problem) complaints.about(`nothing is placed on this host: ${problem.code}`, { why: problem.message });
      onAccepted();
      return reply;
    }
    complaints.about(`a command is refused: ${reply.code}`, { command: command.id, why: reply.message });
    await refusals.note(command, reply);
    return reply;
  }

  async #forward(command: Command, pod: Pick<PodControl, 'command'>): Promise<CommandReply> {
    const answer = await pod.command(command);
    if (!isFailure(answer)) return answer;
    return refused(new DolphinError('E_POD_DOWN', {}, { cause: answer }));
  }
}

function refused(error: DolphinError): CommandReply {
  return { result: 'refused', code: error.code, message: error.message };
}
