import type { EventPage, EventRow } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { eventLines } from '../domain/event-line.js';
import type { MasterApi } from '../http/master-api.js';
import { lineOptions } from './event-line-options.js';
import { printJson, printLines, say } from './output.js';

/** What is decided is felt by people half a second later at the soonest. */
const POLL_MS = 500;
/** As many as the master gives on one page. */
const PAGE = 1_000;
/** Causes are looked for among so many entries before; an older one shows as the beginning of its id. */
const MAX_CAUSES = 1_000;

/**
 * Shows the entries of a page, and those that come after it, whole messages at a time: what a page covers is not asked for
 * again, and nothing between two pages is missed, whichever master gave them. Masters that are away are waited for.
 */
export async function followEvents(api: MasterApi, first: EventPage, o: { readonly json: boolean }): Promise<never> {
  const shown = new Shown(o.json);
  shown.print(first.events);
  let after = first.upTo;
  let away = '';
  for (;;) {
    let isBehind = false;
    try {
      const page = await api.events(after, PAGE);
      if (away !== '') say('it answers again');
      away = '';
      shown.print(page.events);
      isBehind = page.upTo > after && page.upTo < page.lastSequence;
      after = Math.max(after, page.upTo);
    } catch (error) {
      if (!(error instanceof DolphinError) || !error.retryable) throw error;
      if (away !== error.code) say(`${error.code}: ${error.message}; it is asked again`);
      away = error.code;
    }
    if (!isBehind) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

class Shown {
  readonly #json: boolean;
  #day = '';
  #causes: EventRow[] = [];

  constructor(json: boolean) {
    this.#json = json;
  }

  print(rows: readonly EventRow[]): void {
    if (this.#json) {
      for (const event of rows) printJson({ schema: 'dolphin.event/1', event }, false);
      return;
    }
    this.#causes = [...this.#causes, ...rows].slice(-MAX_CAUSES);
    const lines = eventLines(rows, { ...lineOptions(), after: { day: this.#day, causes: this.#causes } });
    printLines(lines);
    this.#day = lines.findLast((line) => line.startsWith('-- '))?.slice(3) ?? this.#day;
  }
}
