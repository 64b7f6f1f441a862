/** An edge as the balancer sees it. */
export interface Candidate {
  readonly name: string;
  /** Ready, and taking clients. */
  readonly ready: boolean;
  readonly clients: number;
  /** Its queue of clients on the way is full. */
  readonly full: boolean;
}

export type Choice =
  /** The edges to try, best first. */
  | { readonly type: 'edges'; readonly names: readonly [string, ...string[]] }
  | { readonly type: 'none'; readonly reason: 'no-edge' | 'no-ready-edge' | 'edges-full' };

/** Fewest clients first; equal ones in the order given. */
export function chooseEdges(candidates: readonly Candidate[]): Choice {
  if (candidates.length === 0) return { type: 'none', reason: 'no-edge' };
  const ready = candidates.filter((candidate) => candidate.ready);
  if (ready.length === 0) return { type: 'none', reason: 'no-ready-edge' };
  const open = ready.filter((candidate) => !candidate.full).sort((a, b) => a.clients - b.clients);
  const [first, ...rest] = open.map((candidate) => candidate.name);
  return first === undefined ? { type: 'none', reason: 'edges-full' } : { type: 'edges', names: [first, ...rest] };
}
