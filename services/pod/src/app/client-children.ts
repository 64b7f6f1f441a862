import type { ClientLedger } from '../domain/client-ledger.js';

/** The process that has a client: an edge, or a relay process on the way to one. */
export interface ClientChild {
  readonly edge: string;
  /** Null: the edge itself. */
  readonly via: string | null;
}

export function childKey({ edge, via }: ClientChild): string {
  return via === null ? `edge ${edge}` : `relay ${via}`;
}

/** Who is with which process; who is with none is left out. */
export function byChild(
  ids: Iterable<number>,
  ledger: ClientLedger,
): Map<string, { readonly child: ClientChild; readonly ids: number[] }> {
  const groups = new Map<string, { child: ClientChild; ids: number[] }>();
  for (const id of ids) {
    const edge = ledger.edgeOf(id);
    if (edge === null) continue;
    const child = { edge, via: ledger.viaOf(id) };
    const key = childKey(child);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { child, ids: [id] });
    else group.ids.push(id);
  }
  return groups;
}
