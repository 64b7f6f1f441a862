import { type DrainPace, decideDrain } from '../domain/drain-rules.js';
import type { Timers } from './ports.js';

/** How often clients that leave are looked at, at most: who waits for the last one need not wait long. */
const LOOK_EVERY_MS = 100;

export interface DepartureDeps {
  readonly timers: Pick<Timers, 'monotonic'>;
  readonly pace: DrainPace;
  /** They are told to go. */
  readonly close: (ids: readonly number[]) => void;
}

/** Clients that are to leave by a deadline, of an edge that drains or of a pod that stops: sees them out. */
export class Departure {
  readonly #deps: DepartureDeps;
  /** Told to go, gone or not. */
  readonly #asked = new Set<number>();
  #lastBatchAt: number | null = null;

  constructor(deps: DepartureDeps) {
    this.#deps = deps;
  }

  /** How many were told to go. */
  get asked(): number {
    return this.#asked.size;
  }

  /** `present`: ids of those that are there; `deadlineAt`: monotonic ms. Null: it is not over, look again. */
  look(present: readonly number[], deadlineAt: number): 'empty' | 'deadline' | null {
    const { timers, pace, close } = this.#deps;
    const at = timers.monotonic();
    const unasked = present.filter((id) => !this.#asked.has(id));
    const leaving = present.length - unasked.length;
    const progress = { at, deadlineAt, unasked: unasked.length, leaving, lastBatchAt: this.#lastBatchAt };
    const step = decideDrain(progress, pace);
    switch (step.type) {
      case 'wait':
        return null;
      case 'close': {
        const batch = unasked.slice(0, step.clients);
        for (const id of batch) this.#asked.add(id);
        this.#lastBatchAt = at;
        close(batch);
        return null;
      }
      case 'done':
        return step.why;
      default:
        return never(step);
    }
  }
}

export function lookEveryMs(pace: DrainPace): number {
  return Math.min(LOOK_EVERY_MS, pace.batchEveryMs);
}

function never(step: never): never {
  throw new Error(`unknown step of a drain ${JSON.stringify(step)}`);
}
