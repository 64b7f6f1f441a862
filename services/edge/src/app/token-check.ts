import type { Origin } from '../domain/vhost-settings.js';
import type { Visitor } from '../domain/visit.js';
import { Places } from './places.js';
import type { Timers } from './ports.js';

/**
 * Probes under way, each a descriptor: for 33 s where an origin takes connections and says nothing, and who hangs up meanwhile gives
 * back his own alone. As many as questions to hooks.
 */
export const MAX_TOKEN_PROBES = 256;
/** For a place among them; then nobody comes in. */
export const PROBE_WAIT_MS = 30_000;
/**
 * That wait for one, with those that have hung up since: the line is not as short as the list of clients. A KiB each as a rule, and 64
 * of one that said as much when it connected.
 */
export const MAX_WAITING_PROBES = 5000;

/** `unreachable`: it could not be connected to; another origin may be asked. */
export type TokenAnswer = { is: 'accepted' } | { is: 'refused' | 'unreachable'; why: string };

/**
 * Connects to an origin as that client does, and resolves to what it says; never rejects, and takes no longer than its
 * time-outs. `hops`: server ids that the question has passed, this one's last.
 */
export type ShowToken = (
  origin: Origin,
  visitor: Visitor,
  app: string,
  hops: readonly string[],
) => Promise<TokenAnswer>;

const TOO_MANY: TokenAnswer = { is: 'refused', why: 'too many are asked about' };

/** `show` for no more than MAX_TOKEN_PROBES at a time; the others wait in line, as long as that is not too long. */
export function boundedProbes(show: ShowToken, timers: Timers): ShowToken {
  const places = new Places(MAX_TOKEN_PROBES);
  return (...asked) =>
    new Promise((resolve) => {
      if (places.waiting >= MAX_WAITING_PROBES) {
        resolve(TOO_MANY);
        return;
      }
      let isOver = false;
      const cancelTimer = timers.after(PROBE_WAIT_MS, () => {
        isOver = true;
        resolve(TOO_MANY);
      });
      places.enter(() => {
        // It gave up while it waited: its place is the next one's.
        if (isOver) return false;
        cancelTimer();
        void show(...asked).then((answer) => {
          places.leave();
          resolve(answer);
        });
        return true;
      });
    });
}

/**
 * Asks the origins in the conf's order: the first that can be reached decides, as in SRS. Null: it accepts; otherwise why
 * not. Without an origin nobody comes in.
 */
export async function tokenRefusal(
  show: ShowToken,
  origins: readonly Origin[],
  visitor: Visitor,
  app: string,
  hops: readonly string[],
): Promise<string | null> {
  for (const origin of origins) {
    const answer = await show(origin, visitor, app, hops);
    if (answer.is === 'accepted') return null;
    if (answer.is === 'refused') return answer.why;
  }
  return 'no origin can be reached';
}
