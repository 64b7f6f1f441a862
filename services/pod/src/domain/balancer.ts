import { weightNow } from './slow-start.js';
import { BoundedHash, orderByHash, type StreamPolicy } from './stream-hash.js';

/** An edge as the balancer sees it. */
export interface Candidate {
  readonly name: string;
  /** Two edges of a slot, one in place of the other, have one. */
  readonly slotName: string;
  readonly ready: boolean;
  /** It takes nobody for the moment: it is slow to take a socket, or its queue is full. Worth waiting for. */
  readonly busy: boolean;
  readonly clients: number;
  /** It has as many as its conf and the limits admit. */
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
  | { readonly type: 'none'; readonly reason: 'no-edge' | 'no-ready-edge' | 'edges-busy' | 'edges-full' };

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

/** Sound before ejected; then by stream, or by load, equal ones in the order given. */
export function chooseEdges(candidates: readonly Candidate[], by: ByStream | null = null): Choice {
  const ready = candidates.filter((candidate) => candidate.ready);
  const open = ready.filter((candidate) => !candidate.full && !candidate.busy);
  const sound = open.filter((candidate) => !candidate.ejected);
  const ejected = open.filter((candidate) => candidate.ejected).sort(byLoad);
  // Waiting for a sound one is better than going to one that fails.
  const isSoundBusy = ready.some((candidate) => candidate.busy && !candidate.full && !candidate.ejected);
  if (sound.length === 0 && isSoundBusy) return { type: 'none', reason: 'edges-busy' };
  const ranked = by === null ? { edges: sound.sort(byLoad), rule: 'fewest-clients' as const } : rankByStream(sound, by);
  const [first, ...rest] = [...ranked.edges, ...ejected].map(({ name }) => name);
  if (first === undefined) return { type: 'none', reason: whyNone(candidates) };
  const rule = sound.length === 0 ? 'last-resort' : open.length === 1 ? 'only-edge' : ranked.rule;
  return { type: 'edges', names: [first, ...rest], rule };
}

/** Full only when nothing else can come of waiting: none that is busy, none that may become ready. */
function whyNone(candidates: readonly Candidate[]): Extract<Choice, { type: 'none' }>['reason'] {
  if (candidates.length === 0) return 'no-edge';
  if (candidates.some(({ ready, busy, full }) => ready && busy && !full)) return 'edges-busy';
  return candidates.every(({ ready }) => ready) ? 'edges-full' : 'no-ready-edge';
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
