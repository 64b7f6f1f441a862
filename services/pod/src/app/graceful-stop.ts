import type { DrainPace } from '../domain/drain-rules.js';
import { Departure, lookEveryMs } from './departure.js';
import type { Log, Timers } from './ports.js';

export interface GracefulStopDeps {
  readonly timers: Timers;
  readonly log: Log;
  readonly clients: {
    /** Ids of all clients of the pod. */
    all(): readonly number[];
    close(ids: readonly number[]): void;
  };
  readonly pace: DrainPace;
  /** Nobody new from here on: who connects meets a closed port, and goes elsewhere. */
  readonly closePorts: () => void;
}

/**
 * A pod that is to stop: its ports are closed at once, its edges go on until the clients have left or, at the deadline,
 * were closed in batches. Resolves then, or as soon as `hurry` is aborted; never rejects.
 */
export async function awaitClients(deadlineMs: number, hurry: AbortSignal, deps: GracefulStopDeps): Promise<void> {
  const { timers, clients, pace, log } = deps;
  const deadlineAt = timers.monotonic() + deadlineMs;
  const departure = new Departure({ timers, pace, close: (ids) => clients.close(ids) });
  deps.closePorts();
  log.info({ clients: clients.all().length, deadlineMs }, 'no new clients: waiting for those that are here');
  while (!hurry.aborted && departure.look(clients.all(), deadlineAt) === null) {
    await pause(lookEveryMs(pace), timers, hurry);
  }
  log.info({ left: clients.all().length, closed: departure.asked }, 'the clients have left');
}

function pause(ms: number, timers: Timers, hurry: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timers.after(ms, done);
    function done() {
      cancel();
      hurry.removeEventListener('abort', done);
      resolve();
    }
    hurry.addEventListener('abort', done);
  });
}
