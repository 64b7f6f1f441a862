import { type Drain, nextDrain, type QuitWaits } from '../domain/quit-rules.js';
import type { Log, Timers } from './ports.js';

/** How often is looked whether the last client left. */
const LOOK_MS = 100;

export interface DrainOutOptions {
  readonly waits: QuitWaits;
  readonly timers: Timers;
  readonly log: Log;
  clients(): number;
  /** Nobody new from now on. */
  closeListeners(): void;
  onOver(): void;
}

/** Ends a server slowly: it goes on until its last client left by itself, or until it is too late for the rest. */
export function drainOut(o: DrainOutOptions): void {
  const { timers, log } = o;
  let drain: Drain = { phase: 'announced', sinceMs: timers.now() };
  log.info({ clients: o.clients(), ...o.waits }, 'ends slowly: clients still come for a while');
  const look = () => {
    const before = drain.phase;
    drain = nextDrain(drain, { nowMs: timers.now(), clients: o.clients() }, o.waits);
    if (drain.phase !== before) {
      if (drain.phase === 'emptying') o.closeListeners();
      log.info({ phase: drain.phase, clients: o.clients() }, 'ends slowly');
    }
    if (drain.phase === 'over') o.onOver();
    else timers.after(LOOK_MS, look);
  };
  timers.after(LOOK_MS, look);
}
