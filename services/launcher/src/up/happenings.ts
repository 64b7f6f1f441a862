import { systemClock } from '@dolphin/runtime';
import { happeningLine } from '../domain/happening-lines.js';
import type { GlobalApi } from '../http/global-api.js';

const POLL_MS = 1_000;
/** Per poll; a burst beyond it comes with the next ones. */
const PAGE_SIZE = 200;

/** Tells what the log says from `after` on, until `signal`; `here`: the hosts that need no name. A master that is away is asked again. */
export async function followHappenings(
  api: GlobalApi,
  { after, here }: { readonly after: number; readonly here: ReadonlySet<string> },
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let seen = after;
  while (!signal.aborted) {
    await systemClock.sleep(POLL_MS, signal);
    if (signal.aborted) return;
    try {
      const page = await api.events(seen, PAGE_SIZE);
      for (const row of page.events) {
        const line = happeningLine(row, here);
        if (line) tell(line);
      }
      seen = page.events.at(-1)?.sequence ?? seen;
      if (page.events.some(({ type }) => type === 'host-joined')) await tellProblems(api, tell);
    } catch {
      // The keeper of the master tells that it is gone.
    }
  }
}

/** A host that has joined may be of no use: its operator reads this terminal rather than the farm's status. */
async function tellProblems(api: GlobalApi, tell: (text: string) => void): Promise<void> {
  for (const { code, message } of (await api.farm()).problems ?? []) tell(`${message} (${code})`);
}
