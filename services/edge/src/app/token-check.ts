import type { Origin } from '../domain/vhost-settings.js';
import type { Visitor } from '../domain/visit.js';

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
