import { weightNow } from './slow-start.js';

/**
 * Which edge a stream is at home on: rendezvous hashing. Each edge has a number for each stream; the highest is the
 * stream's home, the next one is where it widens to. An edge that joins takes from each other just the streams whose
 * highest it is, one that leaves gives up its own and no others. A ring of points would do the same with a table to keep
 * and with shares that are only nearly even; with the few edges of a host the numbers are as quick.
 */
export interface HashedEdge {
  readonly name: string;
  /** What is hashed: an edge that comes in another's place has the streams of that. */
  readonly slotName: string;
  readonly clients: number;
  readonly weight: number;
  readonly share: number;
}

export interface StreamPolicy {
  /** An edge may have this much of its fair part of all clients; at least 1. */
  readonly loadFactor: number;
  /** With fewer clients than this an edge is never too busy: one pull saved is worth more than evenness among few. */
  readonly hotFromClients: number;
}

/** The edges in the order of this stream: its home first. */
export function orderByHash<E extends HashedEdge>(edges: readonly E[], stream: string): E[] {
  const seed = hashText(stream);
  return edges
    .map((edge) => ({ edge, score: score(seed, edge) }))
    .sort((a, b) => b.score - a.score || (a.edge.name < b.edge.name ? -1 : 1))
    .map(({ edge }) => edge);
}

/** Bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016): no edge takes a client beyond its bound while another has room. */
export class BoundedHash {
  readonly #policy: StreamPolicy;
  readonly #clients: number;
  readonly #weights: number;

  constructor(edges: readonly HashedEdge[], policy: StreamPolicy) {
    this.#policy = policy;
    this.#clients = edges.reduce((sum, { clients }) => sum + clients, 0);
    this.#weights = edges.reduce((sum, edge) => sum + weightNow(edge), 0);
  }

  /** How many clients this edge may have once the next one is placed. A young edge has the bound of its share. */
  of(edge: HashedEdge): number {
    const fair = ((this.#clients + 1) * weightNow(edge)) / this.#weights;
    return Math.max(this.#policy.hotFromClients, Math.ceil(this.#policy.loadFactor * fair));
  }

  hasRoom(edge: HashedEdge): boolean {
    return edge.clients < this.of(edge);
  }
}

/** In (-∞, 0): -weight / ln(u) makes the chance to be highest proportional to the weight (weighted rendezvous). */
function score(seed: number, { slotName, weight }: HashedEdge): number {
  const unit = (mix(seed ^ hashText(slotName)) + 0.5) / 2 ** 32;
  return -weight / Math.log(unit);
}

/** FNV-1a, 32 bits, over UTF-16 units: streams' names are short, and nobody gains by finding collisions. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: FNV's neighbours are too alike. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
