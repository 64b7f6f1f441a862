import type { EventPage } from '@dolphin/protocol';
import { eventLines } from '../domain/event-line.js';
import type { MasterApi } from '../http/master-api.js';
import { lineOptions } from './event-line-options.js';
import { followEvents } from './follow-events.js';
import { printJson, printLines, say } from './output.js';

/** As many as the master gives on one page. */
const PAGE = 1_000;

export interface EventsOptions {
  readonly json: boolean;
  /** Only those above this sequence, oldest first; undefined: the newest. */
  readonly after: number | undefined;
  readonly limit: number;
  readonly follow: boolean;
}

export async function events(api: MasterApi, o: EventsOptions): Promise<number> {
  const page = o.after === undefined ? await newest(api, o.limit) : await from(api, o.after, o.limit);
  if (o.follow) return followEvents(api, page, o);
  const { lastSequence, upTo, events } = page;
  if (o.json) {
    printJson({ schema: 'dolphin.events/1', lastSequence, events });
    return 0;
  }
  printLines(eventLines(events, lineOptions()));
  if (upTo < lastSequence) say(`there is more: --after ${upTo}`);
  return 0;
}

async function newest(api: MasterApi, limit: number): Promise<EventPage> {
  const { lastSequence } = await api.events(0, 1);
  // An entry or more per sequence, so that this many sequences hold enough, but for gaps.
  const page = await from(api, Math.max(0, lastSequence - limit), Number.POSITIVE_INFINITY);
  return { ...page, events: page.events.slice(-limit) };
}

/** Pages until there is enough, or no more. An envelope's entries stay together. */
async function from(api: MasterApi, after: number, limit: number): Promise<EventPage> {
  const found: EventPage = { lastSequence: after, upTo: after, events: [] };
  while (found.events.length < limit) {
    const page = await api.events(found.upTo, Math.min(PAGE, limit - found.events.length));
    const isFurther = page.upTo > found.upTo;
    found.lastSequence = page.lastSequence;
    found.upTo = page.upTo;
    found.events.push(...page.events);
    if (!isFurther || page.upTo >= page.lastSequence) break;
  }
  return found;
}
