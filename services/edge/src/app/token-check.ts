import type { Origin } from '../domain/vhost-settings.js';
import type { Visitor } from '../domain/visit.js';
import { type NoPlace, Places } from './places.js';
import type { Timers } from './ports.js';

/** Probes under way, each a descriptor: for 33 s where an origin takes connections and says nothing. As many as questions to hooks. */
export const MAX_TOKEN_PROBES = 256;
/** For a place among them; then nobody comes in. */
export const PROBE_WAIT_MS = 30_000;
/** That wait for one: as many as for hooks. A KiB each as a rule, and 64 of one that said as much when it connected. */
export const MAX_WAITING_PROBES = 5000;

/** `unreachable`: it could not be connected to; another origin may be asked. */
export type TokenAnswer = { is: 'accepted' } | { is: 'refused' | 'unreachable'; why: string };

/**
 * Connects to an origin as that client does, and resolves to what it says; never rejects, and takes no longer than its
 * time-outs, or than until the client is `gone`. `hops`: server ids that the question has passed, this one's last.
 */
export type ShowToken = (
  origin: Origin,
  visitor: Visitor,
  app: string,
  hops: readonly string[],
  gone: AbortSignal,
) => Promise<TokenAnswer>;

const NO_PLACE: Readonly<Record<NoPlace, TokenAnswer>> = {
  crowded: { is: 'refused', why: 'too many are asked about' },
  left: { is: 'refused', why: 'it left' },
};

/**
 * `show` for no more than MAX_TOKEN_PROBES at a time; the others wait in line, as long as that is not too long. `onCrowded`: somebody
 * found no place, or none in time.
 */
export function boundedProbes(show: ShowToken, timers: Timers, onCrowded: () => void): ShowToken {
  const waitMs = PROBE_WAIT_MS;
  const places = new Places({ max: MAX_TOKEN_PROBES, maxWaiting: MAX_WAITING_PROBES, waitMs, timers });
  return (origin, visitor, app, hops, gone) =>
    new Promise((resolve) => {
      const onPlace = () => {
        void show(origin, visitor, app, hops, gone).then((answer) => {
          places.leave();
          resolve(answer);
        });
      };
      places.enter(gone, onPlace, (why) => {
        if (why === 'crowded') onCrowded();
        resolve(NO_PLACE[why]);
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
  gone: AbortSignal,
): Promise<string | null> {
  for (const origin of origins) {
    const answer = await show(origin, visitor, app, hops, gone);
    if (answer.is === 'accepted') return null;
    if (answer.is === 'refused') return answer.why;
  }
  return 'no origin can be reached';
}
