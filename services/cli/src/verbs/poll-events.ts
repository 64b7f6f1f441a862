import { DolphinError } from '@dolphin/protocol/plain.js';
import type { MasterApi } from '../http/master-api.js';
import { say } from './output.js';
import type { ShownEvents } from './shown-events.js';

/** What is decided is felt by people half a second later at the soonest. */
const POLL_MS = 500;
/** As many as the master gives on one page. */
const PAGE = 1_000;

/** Follows a log page by page: what a page covers is not asked for again. Masters that are away are waited for. */
export async function pollEvents(api: MasterApi, o: { after: number; readonly shown: ShownEvents }): Promise<never> {
  let { after } = o;
  let away = '';
  for (;;) {
    let isBehind = false;
    try {
      const page = await api.events(after, PAGE);
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
