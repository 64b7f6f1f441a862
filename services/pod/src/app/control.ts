import { type Command, type CommandReply, DolphinError, hasViewers, type PodState } from '@dolphin/protocol';
import { acceptCommand, type CommandVerdict } from '../domain/accept-command.js';
import { findSlot, type HostFile, withDrained } from '../domain/host-file.js';
import type { KnownNames } from '../domain/known-names.js';
import type { Cause, Told } from './edge-facts.js';
import type { Log } from './ports.js';
import type { Supervisor } from './supervisor.js';

export interface ControlDeps {
  readonly supervisor: Supervisor;
  readonly names: () => KnownNames;
  readonly save: (file: HostFile) => Promise<void>;
  readonly state: () => PodState;
  readonly tell: (fact: Told) => string;
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

  /** What a pod that died was running, run again; what it was draining is drained. `causationId`: of its start. */
  restore(causationId: string): void {
    for (const { wanted, drain, correlationId } of this.#file.slots) {
      if (wanted === null) continue;
      const cause = { causationId, ...(correlationId === undefined ? {} : { correlationId }) };
      if (drain === undefined) {
        this.#deps.supervisor.ensure(wanted, cause);
        continue;
      }
      const { role, slot, generation } = wanted;
      this.#deps.tell({ type: 'edge-removed', role, slot, generation, ...cause });
      this.onRemoved(wanted);
    }
  }

  /** Never rejects. */
  obey(command: Command): Promise<CommandReply> {
    return this.#inTurn(() => this.#obey(command));
  }

  /** Changes the file for an order that is not a leader's. Never rejects; false: it could not be written. */
  amend(change: (file: HostFile) => HostFile): Promise<boolean> {
    return this.#inTurn(async () => {
      const changed = change(this.#file);
      return changed === this.#file || (await this.#save(changed)) === null;
    });
  }

  /** An edge is gone: if it was drained, it is not to come back with the next pod. */
  onRemoved(edge: Parameters<typeof withDrained>[1]): void {
    void this.amend((file) => withDrained(file, edge));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #obey(command: Command): Promise<CommandReply> {
    if (this.#deps.alone) {
      return refuse(new DolphinError('E_UNSUPPORTED', { what: 'a command', why: 'this pod runs alone' }));
    }
    const verdict = this.#judge(command);
    if (verdict.result === 'refused') {
      const error = new DolphinError(verdict.code, verdict.details);
      this.#deps.log.warn({ command: command.id, type: command.body.type, code: error.code }, error.message);
      return refuse(error);
    }
    const why = await this.#save(verdict.file);
    if (why !== null) return refuse(new DolphinError('E_INTERNAL', { why }));
    if (!verdict.already) this.#carryOut(command);
    const state = command.body.type === 'adopt' ? { state: this.#deps.state() } : {};
    return { result: 'accepted', already: verdict.already, ...state };
  }

  /**
   * An undrain is carried out while it is judged: written down first, it might come too late for an edge that was
   * empty a moment later, and the file would promise an edge that is gone.
   */
  #judge(command: Command): CommandVerdict {
    const verdict = acceptCommand(this.#file, command, this.#deps.names());
    const { body } = command;
    if (verdict.result === 'refused' || verdict.already || body.type !== 'undrain') return verdict;
    if (this.#deps.supervisor.undrain(body, causeOf(command))) return verdict;
    return {
      result: 'refused',
      code: 'E_NOT_DRAINING',
      details: { edge: `${body.role}-${body.slot}`, why: 'it ends already' },
    };
  }

  /** Null, or why not. */
  async #save(file: HostFile): Promise<string | null> {
    try {
      await this.#deps.save(file);
    } catch (cause) {
      const why = `host.json cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`;
      this.#deps.log.error({}, why);
      return why;
    }
    this.#file = file;
    return null;
  }

  #carryOut(command: Command): void {
    const { supervisor } = this.#deps;
    const { body } = command;
    const cause = causeOf(command);
    switch (body.type) {
      case 'adopt':
      case 'undrain':
        return;
      case 'kill':
        supervisor.release(body, cause);
        return;
      case 'drain':
        // It may have ended by itself while this was written.
        if (!supervisor.drain(body, body.deadlineMs, cause)) this.onRemoved(body);
        return;
      case 'restart': {
        const wanted = findSlot(this.#file, body)?.wanted;
        if (wanted == null) return;
        // Wished again at once: the new one starts on the same ports when the drain, or the stop, is over.
        if (hasViewers(body.role) && body.drainMs > 0) supervisor.drain(body, body.drainMs, cause);
        supervisor.ensure(wanted, cause);
        return;
      }
      case 'spawn': {
        const wanted = findSlot(this.#file, body.edge)?.wanted;
        if (wanted !== null && wanted !== undefined) supervisor.ensure(wanted, cause);
        return;
      }
      default:
        never(body);
    }
  }
}

function causeOf(command: Command): Cause {
  return {
    causationId: command.causationId ?? command.id,
    ...(command.correlationId === undefined ? {} : { correlationId: command.correlationId }),
  };
}

function refuse(error: DolphinError): CommandReply {
  return { result: 'refused', code: error.code, message: error.message };
}

function never(body: never): never {
  throw new Error(`unknown command ${JSON.stringify(body)}`);
}
