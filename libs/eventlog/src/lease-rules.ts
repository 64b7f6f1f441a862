/** Without renewal a lease ends after this: a dead leader is replaced within it and one poll. */
export const DEFAULT_LEASE_TTL_MS = 3_000;

/** The longest a holder may stop between asking "may I" and doing it, as a share of the ttl. */
const MARGIN_SHARE = 1 / 6;
/** Two renewals may fail before the lease is in danger. */
const RENEWAL_SHARE = 1 / 3;

export interface LeaseTerms {
  readonly ttlMs: number;
  /** Taken off the ttl, so that the holder stops acting before anybody else can start. */
  readonly marginMs: number;
}

export function leaseTerms(ttlMs: number): LeaseTerms {
  return { ttlMs, marginMs: Math.ceil(ttlMs * MARGIN_SHARE) };
}

/** A lease as its holder knows it: when the last renewal that was confirmed was *sent* (monotonic ms), and its revision. */
export interface Grip {
  readonly revision: number;
  readonly confirmedAt: number;
}

/** `unknown`: no answer; the server may or may not have it. */
export type RenewalOutcome =
  | { outcome: 'renewed'; revision: number; sentAt: number }
  | { outcome: 'lost'; why: string }
  | { outcome: 'unknown'; why: string };

/**
 * The one rule that everything a leader does rests on. The server counts the ttl from when it stored the renewal, which is
 * not before it was sent: so while this holds, nobody else can have the lease, however long the answer took.
 */
export function mayAct(grip: Grip | null, { ttlMs, marginMs }: LeaseTerms, now: number): boolean {
  return grip !== null && now - grip.confirmedAt < ttlMs - marginMs;
}

/** When `mayAct` turns false if nothing is renewed. */
export function actsUntil(grip: Grip, { ttlMs, marginMs }: LeaseTerms): number {
  return grip.confirmedAt + ttlMs - marginMs;
}

/** A renewal that is confirmed late, or out of order, never moves the grip back. */
export function afterRenewal(grip: Grip, result: RenewalOutcome): Grip | null {
  switch (result.outcome) {
    case 'renewed':
      return { revision: result.revision, confirmedAt: Math.max(grip.confirmedAt, result.sentAt) };
    case 'lost':
      return null;
    case 'unknown':
      return grip;
    default:
      return result satisfies never;
  }
}

/** ms from `now` to the next renewal: a third of the ttl after the last one; sooner when that one is open. */
export function renewalDelayMs(grip: Grip, { ttlMs }: LeaseTerms, lastWasUnknown: boolean, now: number): number {
  if (lastWasUnknown) return ttlMs / 20;
  return Math.max(0, grip.confirmedAt + ttlMs * RENEWAL_SHARE - now);
}

/** ms to a candidate's next try: expiry is not announced. Jitter keeps many candidates from asking at once. */
export function pollDelayMs({ ttlMs }: LeaseTerms, random: () => number): number {
  return ttlMs * (0.08 + 0.08 * random());
}

/** How long one request may take: two fit between the last good renewal and the end. */
export function renewalTimeoutMs({ ttlMs }: LeaseTerms): number {
  return Math.max(50, Math.floor(ttlMs / 4));
}
