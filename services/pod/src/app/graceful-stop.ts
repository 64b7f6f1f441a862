import { type DrainPace, decideDrain } from '../domain/drain-rules.js';
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

const LOOK_EVERY_MS = 100;

/**
 * A pod that is to stop: its ports are closed at once, its edges go on until the clients have left or, at the deadline,
 * were closed in batches. Resolves then, or as soon as `hurry` is aborted; never rejects.
 */
export async function awaitClients(deadlineMs: number, hurry: AbortSignal, deps: GracefulStopDeps): Promise<void> {
  const { timers, clients, pace, log } = deps;
  const deadlineAt = timers.monotonic() + deadlineMs;
  const asked = new Set<number>();
  let lastBatchAt: number | null = null;
  deps.closePorts();
  log.info({ clients: clients.all().length, deadlineMs }, 'no new clients: waiting for those that are here');
  while (!hurry.aborted) {
    const at = timers.monotonic();
    const present = clients.all();
    const unasked = present.filter((id) => !asked.has(id));
    const leaving = present.length - unasked.length;
    const step = decideDrain({ at, deadlineAt, unasked: unasked.length, leaving, lastBatchAt }, pace);
    if (step.type === 'done') break;
    if (step.type === 'close') {
      const batch = unasked.slice(0, step.clients);
      for (const id of batch) asked.add(id);
      lastBatchAt = at;
      clients.close(batch);
    }
    await pause(Math.min(LOOK_EVERY_MS, pace.batchEveryMs), timers, hurry);
  }
  log.info({ left: clients.all().length, closed: asked.size }, 'the clients have left');
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
