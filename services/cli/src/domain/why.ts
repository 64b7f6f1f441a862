import type { EdgeKey, EventRow } from '@dolphin/protocol';

/** What is to be explained: a message of the log, or the newest entry about an edge. */
export type WhyAbout = { readonly sequence: number } | ({ readonly host: string } & EdgeKey);

/** How far back it has been followed. */
export interface Walk {
  /** Oldest first: what was asked, decided, happened. Empty: what it is about has not been met yet. */
  readonly chain: readonly EventRow[];
  /** Ids of causes of these that have not been met. */
  readonly wanted: readonly string[];
}

export const WALK_START: Walk = { chain: [], wanted: [] };

/** Goes on with entries that are older than all before, in the order of the log. A cause is older than what it causes. */
export function walkBack(walk: Walk, about: WhyAbout, rows: readonly EventRow[]): Walk {
  const wanted = new Set(walk.wanted);
  const found: EventRow[] = [];
  for (const row of rows.toReversed()) {
    const isFirst = walk.chain.length + found.length === 0;
    const isMeant = 'sequence' in about ? row.sequence === about.sequence : isFirst && isAbout(row, about);
    if (!wanted.has(row.id) && !isMeant) continue;
    wanted.delete(row.id);
    found.push(row);
    const cause = causeOf(row);
    if (cause !== undefined) wanted.add(cause);
  }
  return { chain: [...found.reverse(), ...walk.chain], wanted: [...wanted] };
}

/** Nothing older can add to it. */
export function isComplete({ chain, wanted }: Walk): boolean {
  return chain.length > 0 && wanted.length === 0;
}

/** The entry that it follows from. A command is none: its id begins with that of the decision behind it. */
function causeOf({ causationId }: EventRow): string | undefined {
  return causationId?.split('/', 1)[0];
}

function isAbout({ kind, by, data }: EventRow, about: { host: string } & EdgeKey): boolean {
  const host = kind === 'fact' ? by : data['host'];
  return host === about.host && data['role'] === about.role && data['slot'] === about.slot;
}
