import { type Drain, nextDrain, type QuitWaits } from '../domain/quit-rules.js';
import type { Clients } from './clients.js';
import type { Log, Timers } from './ports.js';

/** How often is looked whether the last client left. */
const LOOK_MS = 100;

export interface DrainOutOptions {
  readonly waits: QuitWaits;
  readonly timers: Timers;
  readonly log: Log;
  readonly clients: Pick<Clients, 'count' | 'keepNoMore' | 'closeAll'>;
  /** Nobody new from now on. */
  closeListeners(): void;
  onOver(): void;
}

/**
 * Ends a server slowly: it goes on until its last client left by itself, or until it is too late for the rest. A viewer over
 * HLS never leaves as long as he is answered: his connections end with the answer that is under way, while new ones are
 * still taken here or, by a pod, elsewhere; whoever is left in the end is closed before the last wait, so that hooks hear of it.
 */
export function drainOut(o: DrainOutOptions): void {
  const { clients, timers, log } = o;
  let drain: Drain = { phase: 'announced', sinceMs: timers.now() };
  log.info({ clients: clients.count, ...o.waits }, 'ends slowly: clients still come for a while');
  clients.keepNoMore();
  const look = () => {
    const before = drain.phase;
    drain = nextDrain(drain, { nowMs: timers.now(), clients: clients.count }, o.waits);
    if (drain.phase !== before) {
      if (drain.phase === 'emptying') o.closeListeners();
      log.info({ phase: drain.phase, clients: clients.count }, 'ends slowly');
      if (drain.phase === 'final') clients.closeAll('edge-stopped');
    }
    if (drain.phase === 'over') o.onOver();
    else timers.after(LOOK_MS, look);
  };
  timers.after(LOOK_MS, look);
}
