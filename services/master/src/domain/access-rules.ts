import { DolphinError } from '@dolphin/protocol';

/** `read` sees everything, `operate` may change the farm, too. */
export type Right = 'read' | 'operate';

/** What a request needs; null: nothing, so that a load balancer need have no token. */
export function rightNeeded(method: string, path: string): Right | null {
  if (path === '/healthz' || path === '/readyz') return null;
  return method === 'GET' || method === 'HEAD' ? 'read' : 'operate';
}

/**
 * Why a request is refused, or null. `held`: the right of the token that came with it, `none` without one, `unknown` for
 * one that the master does not know. E_UNAUTHORIZED, E_FORBIDDEN.
 */
export function accessProblem(needed: Right | null, held: Right | 'none' | 'unknown'): DolphinError | null {
  if (needed === null) return null;
  switch (held) {
    case 'none':
      return new DolphinError('E_UNAUTHORIZED', { why: 'none was sent' });
    case 'unknown':
      return new DolphinError('E_UNAUTHORIZED', { why: 'the one that was sent is not known' });
    case 'read':
      return needed === 'operate' ? new DolphinError('E_FORBIDDEN', { right: needed }) : null;
    case 'operate':
      return null;
  }
}
