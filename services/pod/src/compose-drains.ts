import type { EdgeDefinition } from '@dolphin/protocol';
import type { Control } from './app/control.js';
import { EdgeDrains } from './app/edge-drains.js';
import type { EdgeRunner } from './app/edge-runner.js';
import type { EdgeFigures } from './app/edge-stats.js';
import { awaitClients } from './app/graceful-stop.js';
import { LocalOrders } from './app/local-orders.js';
import { MemoryLimit } from './app/memory-limit.js';
import type { Log } from './app/ports.js';
import type { Router } from './app/router.js';
import type { Supervisor } from './app/supervisor.js';
import type { PodConfig } from './config.js';
import { systemTimers } from './process/timers.js';

export interface ComposedDrains {
  readonly drains: EdgeDrains;
  readonly memory: MemoryLimit;
  readonly orders: LocalOrders;
  /** No new clients, and the end of those that are here: resolves when they have left, never rejects. */
  awaitClients(deadlineMs: number | null, hurry: AbortSignal): Promise<void>;
}

/** All that takes clients away from edges: drains, replacements for memory, local orders, the pod's own end. */
export function composeDrains(o: {
  readonly config: PodConfig;
  readonly router: Router;
  readonly supervisor: Supervisor;
  readonly control: Control;
  readonly figuresOf: (runner: EdgeRunner) => EdgeFigures;
  readonly alone: readonly EdgeDefinition[] | null;
  readonly closePorts: () => void;
  readonly log: Log;
}): ComposedDrains {
  const { config, router, supervisor, control, log } = o;
  const pace = config.drain;
  const close = (ids: readonly number[]) => void router.closeClients(ids, 'drained');
  return {
    drains: new EdgeDrains({
      timers: systemTimers,
      runners: () => supervisor.runners,
      clients: { idsAt: (name) => router.ledger.idsAt(name), close },
      pace,
    }),
    memory: new MemoryLimit({
      supervisor,
      timers: systemTimers,
      figuresOf: o.figuresOf,
      maxRssMb: config.supervise.maxRssMb,
    }),
    orders: new LocalOrders({ supervisor, control, defaultDeadlineMs: pace.deadlineMs, alone: o.alone }),
    awaitClients: async (deadlineMs, hurry) => {
      const waitMs = deadlineMs ?? pace.stopDeadlineMs;
      if (waitMs === 0) return;
      const clients = { all: () => router.ledger.ids(), close };
      const closePorts = () => {
        o.closePorts();
        supervisor.endReplacing();
      };
      await awaitClients(waitMs, hurry, { timers: systemTimers, log, clients, pace, closePorts });
    },
  };
}
