import { type EdgeDefinition, type EdgeKey, edgeName } from '@dolphin/protocol';
import { EdgeRunner, type EdgeRunnerDeps, type EdgeRunnerEvents } from './edge-runner.js';

export interface Cause {
  readonly causationId?: string;
  readonly correlationId?: string;
}

interface Replacement {
  readonly edge: EdgeDefinition;
  readonly cause: Cause;
}

/** What the rest of the pod wants to know of edges; `onGone` is the supervisor's own. */
export type SupervisorEvents = Omit<EdgeRunnerEvents, 'onGone'>;

/** One runner per slot. A slot with a newer definition gets its new runner when the old one's process is gone. */
export class Supervisor {
  readonly #runners = new Map<string, EdgeRunner>();
  readonly #replacements = new Map<string, Replacement>();
  readonly #deps: EdgeRunnerDeps;
  readonly #events: EdgeRunnerEvents;
  #emptied: (() => void) | null = null;
  #stopping = false;

  constructor(deps: EdgeRunnerDeps, events: SupervisorEvents) {
    this.#deps = deps;
    this.#events = { ...events, onGone: (runner) => this.#onGone(runner) };
  }

  /** In the order of role and slot. */
  get runners(): readonly EdgeRunner[] {
    return [...this.#runners.values()].sort((a, b) =>
      a.edge.role === b.edge.role ? a.edge.slot - b.edge.slot : a.edge.role < b.edge.role ? -1 : 1,
    );
  }

  runner(name: string): EdgeRunner | undefined {
    return this.#runners.get(name);
  }

  /** This definition shall run in its slot, in place of an older generation. */
  ensure(edge: EdgeDefinition, cause: Cause): void {
    if (this.#stopping) return;
    const name = edgeName(edge);
    const running = this.#runners.get(name);
    if (running === undefined) {
      this.#start({ edge, cause });
      return;
    }
    this.#replacements.set(name, { edge, cause });
    running.stop(cause);
  }

  /** The slot shall be empty. */
  release(key: EdgeKey, cause: Cause): void {
    const name = edgeName(key);
    this.#replacements.delete(name);
    this.#runners.get(name)?.stop(cause);
  }

  /** Ends every edge; resolves when the last one is gone. No more are started. */
  async stopAll(): Promise<void> {
    this.#stopping = true;
    this.#replacements.clear();
    if (this.#runners.size === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const runner of this.#runners.values()) runner.stop({});
    await emptied;
  }

  #start({ edge, cause }: Replacement): void {
    const runner = new EdgeRunner(edge, cause, this.#deps, this.#events);
    this.#runners.set(runner.name, runner);
    runner.start();
  }

  #onGone(runner: EdgeRunner): void {
    if (this.#runners.get(runner.name) !== runner) return;
    this.#runners.delete(runner.name);
    const replacement = this.#replacements.get(runner.name);
    this.#replacements.delete(runner.name);
    if (replacement !== undefined) {
      this.#start(replacement);
      return;
    }
    if (!this.#stopping) {
      const { role, slot, generation } = runner.edge;
      this.#deps.tell({ type: 'edge-removed', role, slot, generation, ...runner.cause });
    }
    if (this.#runners.size === 0) this.#emptied?.();
  }
}
