import { DolphinError } from '@dolphin/protocol/plain.js';
import type { MasterApi } from '../http/master-api.js';
import { say } from './output.js';
import type { ShownEvents } from './shown-events.js';

/** What is decided is felt by people half a second later at the soonest. */
const POLL_MS = 500;
/** As many as the master gives on one page. */
const PAGE = 1_000;

/**
 * Follows a log page by page: what a page covers is not asked for again. Masters that are away are waited for. A log that begins
 * with another entry is another log, and shown from its beginning; one that is only shorter is read by a master that lags.
 */
export async function pollEvents(api: MasterApi, o: { after: number; readonly shown: ShownEvents }): Promise<never> {
  let { after } = o;
  let away = '';
  let first: string | undefined;
  for (;;) {
    let isBehind = false;
    try {
      first ??= await firstOf(api);
      const page = await api.events(after, PAGE);
      if (page.lastSequence < after || away !== '') {
        const begins = await firstOf(api);
        if (begins !== undefined && begins !== first) {
          say('the log was replaced; it is shown from its beginning');
          o.shown.forget();
          first = begins;
          after = 0;
          continue;
        }
      }
      if (away !== '') say('it answers again');
      away = '';
      o.shown.print(page.events);
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

/** The id of the first entry; undefined: there is none yet. */
async function firstOf(api: MasterApi): Promise<string | undefined> {
  return (await api.events(0, 1)).events[0]?.id;
}
