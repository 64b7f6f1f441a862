import { AuthorizationError, UserAuthenticationExpiredError } from 'nats';

/** What connectBus threw comes from a server that is there, and does not know who connects. */
export function isBusRefusal(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < MAX_CAUSES; cause = cause.cause, depth++) {
    if (cause instanceof AuthorizationError || cause instanceof UserAuthenticationExpiredError) return true;
  }
  return false;
}

/** nats.js wraps once, we once more; one that is its own cause must not hold us. */
const MAX_CAUSES = 4;
