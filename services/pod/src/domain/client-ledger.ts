/**
 * Who is where: each client is counted at exactly one edge, from the moment it is on the way there. Counts are sizes of
 * sets of ids, so that nothing counted twice, or taken away twice, can make one leak.
 */
export class ClientLedger {
  readonly #clients = new Map<number, { edge: string; via: string | null }>();
  readonly #byEdge = new Map<string, Set<number>>();
  readonly #byVia = new Map<string, Set<number>>();

  get size(): number {
    return this.#clients.size;
  }

  /** `via` names the relay process that carries it; null: handed off. Puts a known client elsewhere. */
  put(id: number, edge: string, via: string | null): void {
    this.remove(id);
    this.#clients.set(id, { edge, via });
    add(this.#byEdge, edge, id);
    if (via !== null) add(this.#byVia, via, id);
  }

  edgeOf(id: number): string | null {
    return this.#clients.get(id)?.edge ?? null;
  }

  /** The relay process that carries it; null: handed off, or not there. */
  viaOf(id: number): string | null {
    return this.#clients.get(id)?.via ?? null;
  }

  /** False when it was not there. */
  remove(id: number): boolean {
    const entry = this.#clients.get(id);
    if (entry === undefined) return false;
    this.#clients.delete(id);
    drop(this.#byEdge, entry.edge, id);
    if (entry.via !== null) drop(this.#byVia, entry.via, id);
    return true;
  }

  /** Who is with an edge itself: they die with it. Relayed ones end as their relay process says. */
  handedTo(edge: string): number[] {
    return [...(this.#byEdge.get(edge) ?? [])].filter((id) => this.#clients.get(id)?.via === null);
  }

  /** Who is with an edge through relay processes. */
  relayedTo(edge: string): number[] {
    return [...(this.#byEdge.get(edge) ?? [])].filter((id) => this.viaOf(id) !== null);
  }

  /** Who is carried by a relay process. */
  carriedBy(via: string): number[] {
    return [...(this.#byVia.get(via) ?? [])];
  }

  countAt(edge: string): number {
    return this.#byEdge.get(edge)?.size ?? 0;
  }

  countVia(via: string): number {
    return this.#byVia.get(via)?.size ?? 0;
  }
}

function add(index: Map<string, Set<number>>, key: string, id: number): void {
  const set = index.get(key);
  if (set === undefined) index.set(key, new Set([id]));
  else set.add(id);
}

function drop(index: Map<string, Set<number>>, key: string, id: number): void {
  const set = index.get(key);
  if (set === undefined) return;
  set.delete(id);
  if (set.size === 0) index.delete(key);
}
