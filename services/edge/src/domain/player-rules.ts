/** A player's position when the ring does not have its slab any more, or has too many for it. */
export type LagAnswer = { go: 'on' } | { go: 'to'; cursor: number } | { go: 'wait' };

/**
 * What a player does whose cursor points before the oldest slab: it goes to the newest key frame, or waits for the
 * next. One that the ring still serves goes on, however far behind.
 */
export function answerLag(cursor: number, oldest: number, keyFrame: number | null): LagAnswer {
  if (cursor >= oldest) return { go: 'on' };
  return keyFrame === null ? { go: 'wait' } : { go: 'to', cursor: keyFrame };
}

/** What is known of a player's outstanding write. */
export interface WriteProgress {
  /** Bytes not yet taken by the kernel when last looked at; 0: nothing is outstanding. */
  readonly pendingBytes: number;
  /** When that number last changed, in ms. */
  readonly sinceMs: number;
}

/** Looks at an outstanding write again; `before`: what was seen last, null if nothing was outstanding. `stuck`: no progress for `limitMs`, the player is to be closed. */
export function watchWrite(
  before: WriteProgress | null,
  pendingBytes: number,
  nowMs: number,
  limitMs: number,
): { progress: WriteProgress; stuck: boolean } {
  if (before === null || pendingBytes === 0 || pendingBytes !== before.pendingBytes) {
    return { progress: { pendingBytes, sinceMs: nowMs }, stuck: false };
  }
  return { progress: before, stuck: nowMs - before.sinceMs >= limitMs };
}
