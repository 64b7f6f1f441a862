import { weightNow } from './slow-start.js';
import { BoundedHash, orderByHash, type StreamPolicy } from './stream-hash.js';

/** An edge as the balancer sees it. */
export interface Candidate {
  readonly name: string;
  /** Ready, and taking clients. */
  readonly ready: boolean;
  readonly clients: number;
  /** Its queue of clients on the way is full, or it has as many as its conf admits. */
  readonly full: boolean;
  /** Its part of the clients, against the others'. */
  readonly weight: number;
  /** How much of its weight it has by now: below 1 while it is young. See `slowStartShare`. */
  readonly share: number;
  /** It failed of late and gets nobody while there is another one. See ejection.ts. */
  readonly ejected: boolean;
}

/** What the first of the edges is first by. */
export type Rule =
  /** There was no other. */
  | 'only-edge'
  | 'fewest-clients'
  /** The stream's own edge. */
  | 'stream-home'
  /** The stream's edge is busier than it may be: the next in the stream's order. */
  | 'stream-widened'
  /** All that take clients are ejected: one that fails is better than none. */
  | 'last-resort';

export type Choice =
  /** The edges to try, best first. */
  | { readonly type: 'edges'; readonly names: readonly [string, ...string[]]; readonly rule: Rule }
  | { readonly type: 'none'; readonly reason: 'no-edge' | 'no-ready-edge' | 'edges-full' };

/** A client that is balanced by its stream; null: by the fewest clients. */
export interface ByStream extends StreamPolicy {
  readonly stream: string;
}

/**
 * What an edge would bear with one client more. With that, and not with what it bears now, an edge of twice the weight
 * gets its second client before an equal one gets its first: shares are right also for few clients.
 */
export function loadWithOneMore(edge: Candidate): number {
  return (edge.clients + 1) / weightNow(edge);
}

/** Ready before not ready, sound before ejected; then by stream, or by load, equal ones in the order given. */
export function chooseEdges(candidates: readonly Candidate[], by: ByStream | null = null): Choice {
  if (candidates.length === 0) return { type: 'none', reason: 'no-edge' };
  const ready = candidates.filter((candidate) => candidate.ready);
  if (ready.length === 0) return { type: 'none', reason: 'no-ready-edge' };
  const open = ready.filter((candidate) => !candidate.full);
  const sound = open.filter((candidate) => !candidate.ejected);
  const ejected = open.filter((candidate) => candidate.ejected).sort(byLoad);
  const ranked = by === null ? { edges: sound.sort(byLoad), rule: 'fewest-clients' as const } : rankByStream(sound, by);
  const [first, ...rest] = [...ranked.edges, ...ejected].map(({ name }) => name);
  if (first === undefined) return { type: 'none', reason: 'edges-full' };
  const rule = sound.length === 0 ? 'last-resort' : open.length === 1 ? 'only-edge' : ranked.rule;
  return { type: 'edges', names: [first, ...rest], rule };
}

function byLoad(a: Candidate, b: Candidate): number {
  return loadWithOneMore(a) - loadWithOneMore(b);
}

/** The stream's order, those that have room under the bound first. */
function rankByStream(sound: readonly Candidate[], by: ByStream): { edges: Candidate[]; rule: Rule } {
  const ordered = orderByHash(sound, by.stream);
  const bound = new BoundedHash(sound, by);
  const roomy = ordered.filter((edge) => bound.hasRoom(edge));
  const busy = ordered.filter((edge) => !bound.hasRoom(edge));
  return { edges: [...roomy, ...busy], rule: roomy[0] === ordered[0] ? 'stream-home' : 'stream-widened' };
}
