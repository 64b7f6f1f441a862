import { type CommandBody, DolphinError, type EdgeStatus, hasViewers, type PodState } from '@dolphin/protocol';

const ENDING: ReadonlySet<EdgeStatus['state']> = new Set(['draining', 'stopping', 'exited']);

const withViewers = ({ edges }: Pick<PodState, 'edges'>) => edges.filter(({ role }) => hasViewers(role));

/** Edges with viewers that have not been told to go. The back source feeds those that drain, and ends with the pod. */
export function undrained(pod: Pick<PodState, 'edges'>): EdgeStatus[] {
  return withViewers(pod).filter(({ state }) => !ENDING.has(state));
}

/** No viewer can be left. */
export function isOver(pod: Pick<PodState, 'edges'>): boolean {
  return withViewers(pod).length === 0;
}

/** Why a host that leaves does not take this; null: it does. Edges may go, none may come. */
export function leavingRefusal(body: CommandBody, host: string): DolphinError | null {
  switch (body.type) {
    case 'adopt':
    case 'kill':
    case 'drain':
      return null;
    case 'spawn':
    case 'undrain':
    case 'restart':
      return new DolphinError('E_HOST_LEAVING', { host });
    default:
      return never(body);
  }
}

function never(value: never): never {
  throw new TypeError(`no such command: ${JSON.stringify(value)}`);
}
