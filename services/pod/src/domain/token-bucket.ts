/** What is left at a moment, in monotonic ms. */
export interface TokenBucket {
  readonly tokens: number;
  readonly at: number;
}

/** So many a second, and so many at once after a quiet time. */
export interface Rate {
  readonly perS: number;
  readonly burst: number;
}

export function fullBucket(rate: Rate, now: number): TokenBucket {
  return { tokens: rate.burst, at: now };
}

/** Takes one, if there is one. In any span of t seconds no more than perS × t + burst are taken. */
export function takeToken(bucket: TokenBucket, rate: Rate, now: number): { bucket: TokenBucket; taken: boolean } {
  const at = Math.max(now, bucket.at);
  const tokens = Math.min(rate.burst, bucket.tokens + ((at - bucket.at) * rate.perS) / 1000);
  return tokens >= 1 ? { bucket: { tokens: tokens - 1, at }, taken: true } : { bucket: { tokens, at }, taken: false };
}
