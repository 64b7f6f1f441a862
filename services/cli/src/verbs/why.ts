import type { EventRow } from '@dolphin/protocol';
import { DolphinError, edgeName } from '@dolphin/protocol/plain.js';
import { edgeKeyOf } from '../domain/edge-key.js';
import { eventLines } from '../domain/event-line.js';
import { isComplete, WALK_START, type WhyAbout, walkBack } from '../domain/why.js';
import type { MasterApi } from '../http/master-api.js';
import type { WhyAsked } from '../why-command.js';
import { lineOptions } from './event-line-options.js';
import { printJson, printLines, say } from './output.js';

/** Sequences that are read at a time, from the newest back. */
const WINDOW = 1_000;
/** What a farm does in months. Who looks further back asks `events`. */
const MAX_SEQUENCES = 200_000;
/** As many as the master gives on one page. */
const PAGE = 1_000;

/** What something in the log came from: what was asked, decided and happened, oldest first. Throws E_NOT_FOUND. */
export async function why(api: MasterApi, o: WhyAsked & { readonly json: boolean }): Promise<number> {
  const about = 'sequence' in o.about ? o.about : await edgeOf(api, o.about);
  const { lastSequence } = await api.events(0, 1);
  const newest = 'sequence' in about ? Math.min(about.sequence, lastSequence) : lastSequence;
  let walk = WALK_START;
  let until = newest;
  while (until > Math.max(0, newest - MAX_SEQUENCES) && !isComplete(walk)) {
    const after = Math.max(0, until - WINDOW);
    walk = walkBack(walk, about, await between(api, after, until));
    until = after;
    // The log holds nothing else of that sequence.
    if ('sequence' in about && walk.chain.length === 0) break;
  }
  const { chain, wanted } = walk;
  if (chain.length === 0) throw new DolphinError('E_NOT_FOUND', { what: `${inWords(about)}, in the log,` });
  if (o.json) printJson({ schema: 'dolphin.why/1', about, events: chain, missing: wanted });
  else printLines(eventLines(chain, lineOptions()));
  const where = until > 0 ? `among the ${newest - until} newest sequences` : 'in the log';
  for (const id of wanted) say(`the cause ${id} is not ${where}`);
  return 0;
}

/** Of an edge without a host: of the host that has it. Throws E_BAD_REQUEST when that may be several. */
async function edgeOf(api: MasterApi, { host, edge }: { host: string | null; edge: string }): Promise<WhyAbout> {
  const key = edgeKeyOf(edge);
  if (key === null) throw new DolphinError('E_BAD_REQUEST', { why: `${edge} is no name of an edge` });
  if (host !== null) return { host, ...key };
  const { edges } = await api.edges();
  const hosts = [...new Set(edges.filter((one) => edgeName(one) === edgeName(key)).map((one) => one.host))];
  const [only] = hosts;
  if (only === undefined) throw new DolphinError('E_NOT_FOUND', { what: `an edge ${edge}` });
  if (hosts.length > 1) {
    throw new DolphinError('E_BAD_REQUEST', { why: `name the host: ${hosts.join(', ')} each have ${edge}` });
  }
  return { host: only, ...key };
}

/** Those above `after`, up to `until`. */
async function between(api: MasterApi, after: number, until: number): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  for (let from = after; from < until; ) {
    const page = await api.events(from, PAGE);
    rows.push(...page.events.filter(({ sequence }) => sequence <= until));
    if (page.upTo <= from) break;
    from = page.upTo;
  }
  return rows;
}

function inWords(about: WhyAbout): string {
  return 'sequence' in about
    ? `an entry with sequence ${about.sequence}`
    : `an entry about ${about.host} ${edgeName(about)}`;
}
