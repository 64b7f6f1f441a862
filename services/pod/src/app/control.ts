import { type Command, type CommandReply, DolphinError, type PodState } from '@dolphin/protocol';
import { acceptCommand } from '../domain/accept-command.js';
import { findSlot, type HostFile } from '../domain/host-file.js';
import type { Log } from './ports.js';
import type { Supervisor } from './supervisor.js';

export interface ControlDeps {
  readonly supervisor: Supervisor;
  readonly engines: ReadonlySet<string>;
  readonly save: (file: HostFile) => Promise<void>;
  readonly state: () => PodState;
  readonly log: Log;
  /** A pod alone has its edges from its command line, and obeys nobody. */
  readonly alone: boolean;
}

/** Obeys commands one at a time: judged, written down, then carried out and answered. */
export class Control {
  readonly #deps: ControlDeps;
  #file: HostFile;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: HostFile, deps: ControlDeps) {
    this.#file = file;
    this.#deps = deps;
  }

  get file(): HostFile {
    return this.#file;
  }

  /** What a pod that died was running, run again. `causationId`: the fact of this pod's start. */
  restore(causationId: string): void {
    for (const { wanted, correlationId } of this.#file.slots) {
      if (wanted === null) continue;
      this.#deps.supervisor.ensure(wanted, { causationId, ...(correlationId === undefined ? {} : { correlationId }) });
    }
  }

  /** Never rejects. */
  obey(command: Command): Promise<CommandReply> {
    const answer = this.#turn.then(() => this.#obey(command));
    this.#turn = answer;
    return answer;
  }

  async #obey(command: Command): Promise<CommandReply> {
    if (this.#deps.alone) {
      return refuse(new DolphinError('E_UNSUPPORTED', { what: 'a command', why: 'this pod runs alone' }));
    }
    const verdict = acceptCommand(this.#file, command, this.#deps.engines);
    if (verdict.result === 'refused') {
      const error = new DolphinError(verdict.code, verdict.details);
      this.#deps.log.warn({ command: command.id, type: command.body.type, code: error.code }, error.message);
      return refuse(error);
    }
    try {
      await this.#deps.save(verdict.file);
    } catch (cause) {
      const why = `host.json cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`;
      this.#deps.log.error({ command: command.id }, why);
      return refuse(new DolphinError('E_INTERNAL', { why }));
    }
    this.#file = verdict.file;
    if (!verdict.already) this.#carryOut(command);
    const state = command.body.type === 'adopt' ? { state: this.#deps.state() } : {};
    return { result: 'accepted', already: verdict.already, ...state };
  }

  #carryOut(command: Command): void {
    const { body } = command;
    if (body.type === 'adopt') return;
    const cause = {
      causationId: command.causationId ?? command.id,
      ...(command.correlationId === undefined ? {} : { correlationId: command.correlationId }),
    };
    if (body.type === 'kill') {
      this.#deps.supervisor.release(body, cause);
      return;
    }
    const wanted = findSlot(this.#file, body.edge)?.wanted;
    if (wanted !== null && wanted !== undefined) this.#deps.supervisor.ensure(wanted, cause);
  }
}

function refuse(error: DolphinError): CommandReply {
  return { result: 'refused', code: error.code, message: error.message };
}
