import type { Timers } from './ports.js';
import type { Publisher } from './publisher.js';

/** Turns of the loop, each with a poll of the sockets: its last data, its goodbye and its hang-up may come one after the other. */
const LOOKS = 4;
const LOOK_MS = 25;

/**
 * Resolves, to null, when the publisher is gone, or has shown that it is there; null at once: there is none, or one whose end
 * would have shown. One that is read in beats may have hung up since the last, and who comes in its place is to find the stream free.
 */
export function lookAtPublisher(publisher: () => Publisher | null, timers: Timers): Promise<null> | null {
  if (publisher()?.look() !== true) return null;
  return lookOn(publisher, timers);
}

async function lookOn(publisher: () => Publisher | null, timers: Timers): Promise<null> {
  for (let looks = 1; looks <= LOOKS; looks++) {
    await new Promise<void>((resolve) => timers.after(LOOK_MS, resolve));
    if (publisher()?.look() !== true) break;
  }
  return null;
}
