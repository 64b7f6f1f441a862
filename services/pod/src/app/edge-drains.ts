import type { DrainPace } from '../domain/drain-rules.js';
import { Departure, lookEveryMs } from './departure.js';
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

/** Sees the edges that drain to their end. */
export class EdgeDrains {
  readonly #deps: EdgeDrainsDeps;
  /** Of the edges that drain now: a drain that is taken back and begun again starts anew. */
  #departures = new Map<EdgeRunner, Departure>();
  #cancel: () => void = () => undefined;

  constructor(deps: EdgeDrainsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#cancel = this.#deps.timers.after(lookEveryMs(this.#deps.pace), () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  look(): void {
    const { timers, clients, pace, runners } = this.#deps;
    const before = this.#departures;
    this.#departures = new Map();
    for (const runner of runners()) {
      const { drainUntil } = runner;
      if (drainUntil === null) continue;
      const departure = before.get(runner) ?? new Departure({ timers, pace, close: (ids) => clients.close(ids) });
      const why = departure.look(clients.idsAt(runner.name), drainUntil);
      if (why === null) this.#departures.set(runner, departure);
      else runner.endDrain(why, departure.asked);
    }
  }
}
