import type { FarmView } from '@dolphin/protocol';
import { age } from './words.js';

/**
 * `asked`: what the master shows is from before it. `taken back`: it drains no longer, though not all has left.
 */
export interface DrainProgress {
  readonly state: 'asked' | 'draining' | 'drained' | 'taken back';
  readonly edgesLeft: number;
  readonly clientsLeft: number;
  readonly deadlineAt: string | null;
}

/** How far the drain of a host is that was asked for at this sequence of the log. */
export function drainProgress(view: FarmView, name: string, sequence: number): DrainProgress {
  const host = view.hosts.find((one) => one.host === name);
  const none = { edgesLeft: 0, clientsLeft: 0, deadlineAt: null };
  if (view.sequence < sequence) return { state: 'asked', ...none };
  // A host that is gone has nothing left to drain.
  if (host === undefined) return { state: 'drained', ...none };
  if (host.draining === undefined) {
    const edges = view.edges.filter((edge) => edge.host === name && edge.pid !== null);
    const clientsLeft = host.clients;
    return {
      state: edges.length === 0 ? 'drained' : 'taken back',
      edgesLeft: edges.length,
      clientsLeft,
      deadlineAt: null,
    };
  }
  const { edgesLeft, clientsLeft, deadlineAt } = host.draining;
  return { state: edgesLeft === 0 ? 'drained' : 'draining', edgesLeft, clientsLeft, deadlineAt };
}

export function drainLine(
  host: string,
  { state, edgesLeft, clientsLeft, deadlineAt }: DrainProgress,
  now: number,
): string {
  switch (state) {
    case 'asked':
      return `${host}: asked for`;
    case 'drained':
      return `${host}: drained`;
    case 'taken back':
      return `${host}: drains no longer; edges ${edgesLeft}, clients ${clientsLeft}`;
    case 'draining': {
      const leftMs = deadlineAt === null ? null : Math.max(0, Date.parse(deadlineAt) - now);
      const deadline = leftMs === null ? '' : `; they are closed in ${age(leftMs)}`;
      return `${host}: drains; edges left ${edgesLeft}, clients left ${clientsLeft}${deadline}`;
    }
    default:
      return never(state);
  }
}

function never(state: never): never {
  throw new TypeError(`no such state: ${state}`);
}
