import { systemClock } from '@dolphin/runtime';
import { happeningLine } from '../domain/happening-lines.js';
import type { GlobalApi } from '../http/global-api.js';

const POLL_MS = 1_000;
/** Per poll; a burst beyond it comes with the next ones. */
const PAGE_SIZE = 200;

/** Tells what the log says from `after` on, until `signal`. A master that is away is asked again. */
export async function followHappenings(
  api: GlobalApi,
  after: number,
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
        const line = happeningLine(row);
        if (line) tell(line);
      }
      seen = page.events.at(-1)?.sequence ?? seen;
    } catch {
      // The keeper of the master tells that it is gone.
    }
  }
}
