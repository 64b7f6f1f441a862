import { DolphinError } from '@dolphin/protocol';

/** `read` sees everything, `operate` may change the farm, too. */
export type Right = 'read' | 'operate';

/**
 * What a request needs, `url` as it was sent; null: nothing, so that a load balancer need have no token. What an apply would do
 * is for whoever may see the farm: nothing is changed by it.
 */
export function rightNeeded(method: string, url: string): Right | null {
  const [path = '', ...query] = url.split('?');
  if (path === '/healthz' || path === '/readyz') return null;
  if (method === 'POST' && (path === '/api/v1/plan' || (path === '/api/v1/apply' && isDry(query.join('?'))))) {
    return 'read';
  }
  return method === 'GET' || method === 'HEAD' ? 'read' : 'operate';
}

/** Exactly so: whoever says it otherwise, or twice, needs the right to apply. */
function isDry(query: string): boolean {
  return query === 'dryRun=1' || query === 'dryRun=true';
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
