import { DolphinError, type EdgeDefinition, type EdgeKey, edgeName } from '@dolphin/protocol';
import { findSlot, type HostFile, withSlot } from '../domain/host-file.js';
import type { Control } from './control.js';
import type { Supervisor } from './supervisor.js';

export interface LocalOrdersDeps {
  readonly supervisor: Supervisor;
  readonly control: Control;
  readonly defaultDeadlineMs: number;
  /** What a pod alone was started with; null: a farm's pod, whose leader decides what is started. */
  readonly alone: readonly EdgeDefinition[] | null;
}

/**
 * Orders about one edge that somebody on this host gives over the control socket. `name` is `stream-0`. A farm's pod
 * writes a drain down as if it were the leader's: that generation does not come back, also after the pod's death; the
 * leader answers with a new one. A pod alone forgets it with its end. All reject with DolphinError: E_NOT_FOUND for
 * an edge that does not live, and as said.
 */
export class LocalOrders {
  readonly #deps: LocalOrdersDeps;

  constructor(deps: LocalOrdersDeps) {
    this.#deps = deps;
  }

  /** Again: the new deadline holds. E_UNSUPPORTED: a back source. */
  async drain(name: string, deadlineMs = this.#deps.defaultDeadlineMs): Promise<void> {
    const { supervisor } = this.#deps;
    const edge = this.#living(name);
    if (edge.role === 'back-source') {
      throw new DolphinError('E_UNSUPPORTED', { what: `a drain of ${name}`, why: 'its clients are the stream edges' });
    }
    await this.#write((file) => withDrain(file, edge, { deadlineMs }));
    if (!supervisor.drain(edge, deadlineMs, {})) this.#deps.control.onRemoved(edge);
  }

  /** E_NOT_DRAINING: it never did, ends already, or is being replaced. */
  async undrain(name: string): Promise<void> {
    const edge = this.#living(name);
    if (!this.#deps.supervisor.undrain(edge, {})) {
      throw new DolphinError('E_NOT_DRAINING', { edge: name, why: 'it takes clients, ends, or is being replaced' });
    }
    await this.#write((file) => withDrain(file, edge, undefined));
  }

  /** E_NOT_READY: nothing serves there, one is under way, or the pod waits for its clients to leave. */
  replace(name: string): void {
    const edge = this.#living(name);
    if (this.#deps.supervisor.replace(edge, {})) return;
    throw new DolphinError('E_NOT_READY', { edge: name });
  }

  /** E_UNSUPPORTED in a farm; E_RUNNING: it lives. */
  start(name: string): void {
    const { alone, supervisor } = this.#deps;
    if (alone === null) {
      throw new DolphinError('E_UNSUPPORTED', { what: `a start of ${name}`, why: 'its leader decides that' });
    }
    const edge = alone.find((one) => edgeName(one) === name);
    if (edge === undefined) throw new DolphinError('E_NOT_FOUND', { what: name });
    const living = supervisor.runners.find((runner) => edgeName(runner.edge) === name);
    if (living !== undefined) throw new DolphinError('E_RUNNING', { what: name, pid: living.process?.pid ?? 'none' });
    supervisor.ensure(edge, {});
  }

  #living(name: string): EdgeDefinition {
    const runner = this.#deps.supervisor.runners.find(({ edge }) => edgeName(edge) === name);
    if (runner === undefined) throw new DolphinError('E_NOT_FOUND', { what: name });
    return runner.edge;
  }

  async #write(change: (file: HostFile) => HostFile): Promise<void> {
    if (this.#deps.alone !== null) return;
    if (!(await this.#deps.control.amend(change))) {
      throw new DolphinError('E_INTERNAL', { why: 'host.json cannot be written' });
    }
  }
}

/** The slot's newest generation is the one meant: an older one that lives is on its way out already. */
function withDrain(file: HostFile, key: EdgeKey, drain: { deadlineMs: number } | undefined): HostFile {
  const record = findSlot(file, key);
  if (record === undefined || record.wanted === null) return file;
  const { drain: _, ...kept } = record;
  return withSlot(file, drain === undefined ? kept : { ...kept, drain });
}
