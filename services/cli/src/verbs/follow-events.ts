import type { EventPage } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import type { MasterApi } from '../http/master-api.js';
import { say } from './output.js';
import { pollEvents } from './poll-events.js';
import { ShownEvents } from './shown-events.js';

/** Between two rounds of masters that do not answer. */
const AGAIN_MS = 500;
/** One that is followed for so long was there: that it is away again is news. */
const STEADY_MS = 10_000;
/** Ways in which masters do not answer; more of them in one absence nobody reads. */
const MAX_SAID = 32;

/**
 * Shows the entries of a page, and those that come after it, whole messages as masters tell them: what was shown is not asked for
 * again, and nothing between is missed, whichever master tells. Masters that are away are waited for, the others asked meanwhile.
 */
export async function followEvents(api: MasterApi, first: EventPage, o: { readonly json: boolean }): Promise<never> {
  const shown = new ShownEvents(o.json);
  shown.print(first.events);
  let after = first.upTo;
  /** What was said of masters since one told something: each of several is said once, also when they answer between. */
  const said = new Set<string>();
  let isAway = false;
  for (let turn = 0; ; turn++) {
    const address = api.addresses[turn % api.addresses.length] ?? '';
    const turnedAt = performance.now();
    try {
      for await (const followed of api.follow(address, after)) {
        if (followed.type !== 'open') said.clear();
        switch (followed.type) {
          case 'open':
            if (isAway) say(`${address} answers`);
            isAway = false;
            break;
          case 'message':
            shown.print(followed.rows);
            after = followed.sequence;
            break;
          case 'undecodable':
            say(`sequence ${followed.sequence} cannot be decoded: ${followed.why}`);
            after = followed.sequence;
            break;
          case 'rewound':
            say(`the log was replaced: ${followed.why}; it is shown from its beginning`);
            shown.forget();
            after = 0;
            break;
          default:
            followed satisfies never;
        }
      }
    } catch (error) {
      if (!(error instanceof DolphinError)) throw error;
      if (isUnable(error)) {
        say(`${error.code}: ${error.message}; pages are asked for instead`);
        return pollEvents(api, { after, shown });
      }
      if (!error.retryable) throw error;
      if (performance.now() - turnedAt > STEADY_MS) said.clear();
      const words = `${error.code}: ${error.message}`;
      if (said.size < MAX_SAID && !said.has(words)) {
        say(`${words}; it is asked again`);
        said.add(words);
        isAway = true;
      }
    }
    if ((turn + 1) % api.addresses.length === 0) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** It answers, but not so: an older one, or one with too many readers. */
function isUnable({ code }: DolphinError): boolean {
  return code === 'E_UNSUPPORTED' || code === 'E_LIMITED';
}
