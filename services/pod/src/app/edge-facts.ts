import type { EdgeDefinition, PodFact } from '@dolphin/protocol';
import type { EdgeTold } from '../domain/edge-machine.js';

/** What a fact follows from: the entry or command, and the operator event at the far end. */
export interface Cause {
  readonly causationId?: string;
  readonly correlationId?: string;
}

/** A fact without its id. */
export type Told = PodFact extends infer F ? (F extends PodFact ? Omit<F, 'id'> : never) : never;

/** What the machine of an edge tells, as a fact about its place. */
export function factOf(
  told: EdgeTold,
  place: Pick<EdgeDefinition, 'role' | 'slot' | 'generation'>,
  engine: string,
): Told {
  switch (told.type) {
    case 'edge-started':
      return { ...told, ...place, engine };
    case 'edge-exited':
      return { ...told, ...place, stderr: [...told.stderr] };
    case 'edge-start-failed':
      return { ...told, ...place, message: told.message.slice(0, 1024) };
    case 'edge-ready':
    case 'edge-unhealthy':
    case 'edge-gave-up':
    case 'edge-draining':
    case 'edge-drained':
    case 'edge-undrained':
      return { ...told, ...place };
    default:
      return never(told);
  }
}

function never(value: never): never {
  throw new Error(`unknown ${JSON.stringify(value)}`);
}
