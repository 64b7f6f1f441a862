import { type DrainPace, decideDrain } from '../domain/drain-rules.js';
import type { EdgeRunner } from './edge-runner.js';
import type { Timers } from './ports.js';

export interface DrainClients {
  /** Ids of the clients of an edge, by its runner's name. */
  idsAt(name: string): readonly number[];
  /** They are told to go. */
  close(ids: readonly number[]): void;
}

export interface EdgeDrainsDeps {
  readonly timers: Timers;
  readonly runners: () => readonly EdgeRunner[];
  readonly clients: DrainClients;
  readonly pace: DrainPace;
}

/** How often a drain is looked at: an edge that is empty need not wait long for its end. */
const LOOK_EVERY_MS = 100;

interface Closing {
  /** Told to go, gone or not. */
  readonly asked: Set<number>;
  readonly lastBatchAt: number | null;
}
const NONE_ASKED: Closing = { asked: new Set(), lastBatchAt: null };

/** Sees the edges that drain to their end. */
export class EdgeDrains {
  readonly #deps: EdgeDrainsDeps;
  /** By process: a drain that is taken back and begun again starts anew. */
  #closing = new Map<EdgeRunner, Closing>();
  #cancel: () => void = () => undefined;

  constructor(deps: EdgeDrainsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#cancel = this.#deps.timers.after(Math.min(LOOK_EVERY_MS, this.#deps.pace.batchEveryMs), () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  look(): void {
    const closing = new Map<EdgeRunner, Closing>();
    for (const runner of this.#deps.runners()) {
      const { drainUntil } = runner;
      if (drainUntil === null) continue;
      const next = this.#step(runner, drainUntil, this.#closing.get(runner) ?? NONE_ASKED);
      if (next !== null) closing.set(runner, next);
    }
    this.#closing = closing;
  }

  /** Null: it is over. */
  #step(runner: EdgeRunner, deadlineAt: number, before: Closing): Closing | null {
    const { timers, clients, pace } = this.#deps;
    const at = timers.monotonic();
    const present = clients.idsAt(runner.name);
    const unasked = present.filter((id) => !before.asked.has(id));
    const leaving = present.length - unasked.length;
    const step = decideDrain(
      { at, deadlineAt, unasked: unasked.length, leaving, lastBatchAt: before.lastBatchAt },
      pace,
    );
    switch (step.type) {
      case 'wait':
        return before;
      case 'close': {
        const batch = unasked.slice(0, step.clients);
        clients.close(batch);
        return { asked: new Set([...before.asked, ...batch]), lastBatchAt: at };
      }
      case 'done':
        runner.endDrain(step.why, before.asked.size);
        return null;
      default:
        return never(step);
    }
  }
}

function never(step: never): never {
  throw new Error(`unknown step of a drain ${JSON.stringify(step)}`);
}
