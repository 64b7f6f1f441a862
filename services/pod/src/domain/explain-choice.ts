import { type ByStream, type Candidate, type Choice, chooseEdges, loadWithOneMore, type Rule } from './balancer.js';
import { BoundedHash, orderByHash } from './stream-hash.js';

/** Why an edge got a client, or none did. */
export interface Explanation {
  readonly stream: string | null;
  /** The edges in the order in which they were to be tried; empty: none. */
  readonly order: readonly string[];
  readonly rule: Rule | Extract<Choice, { type: 'none' }>['reason'];
  readonly candidates: readonly ExplainedCandidate[];
}

export interface ExplainedCandidate {
  readonly edge: string;
  readonly clients: number;
  readonly weight: number;
  readonly slowStartShare: number;
  /** What it would bear with this client, the lower the better. */
  readonly load: number;
  readonly verdict: 'open' | 'not-ready' | 'busy' | 'full' | 'ejected';
  /** By stream only: its place in the stream's order, from 0, and how many clients it may have. */
  readonly streamOrder?: number;
  readonly bound?: number;
}

/**
 * The choice, made again from what it was made from: a choice is a function of values, so nothing but these need be
 * kept for each client, and the explanation cannot differ from what was done.
 */
export function explainChoice(candidates: readonly Candidate[], by: ByStream | null): Explanation {
  const choice = chooseEdges(candidates, by);
  const sound = candidates.filter((candidate) => verdictOf(candidate) === 'open');
  const ordered = by === null ? [] : orderByHash(sound, by.stream);
  const bound = by === null ? null : new BoundedHash(sound, by);
  return {
    stream: by?.stream ?? null,
    order: choice.type === 'edges' ? choice.names : [],
    rule: choice.type === 'edges' ? choice.rule : choice.reason,
    candidates: candidates.map((candidate) => {
      const place = ordered.indexOf(candidate);
      return {
        edge: candidate.name,
        clients: candidate.clients,
        weight: candidate.weight,
        slowStartShare: candidate.share,
        load: loadWithOneMore(candidate),
        verdict: verdictOf(candidate),
        ...(bound === null || place === -1 ? {} : { streamOrder: place, bound: bound.of(candidate) }),
      };
    }),
  };
}

function verdictOf({ ready, busy, full, ejected }: Candidate): ExplainedCandidate['verdict'] {
  if (!ready) return 'not-ready';
  if (full) return 'full';
  if (busy) return 'busy';
  return ejected ? 'ejected' : 'open';
}
