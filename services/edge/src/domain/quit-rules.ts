/** How long each part of a slow end may take. */
export interface QuitWaits {
  /** grace_start_wait: whoever sends clients here learns meanwhile that it is to end. */
  readonly startMs: number;
  /** grace_final_wait: last words of what was closed. */
  readonly finalMs: number;
}

/**
 * SRS waits for its last client for ever, and has no setting for it. Five minutes are what dolphin's drains take
 * where nobody says more: a process that was told to end ends.
 */
export const DRAIN_DEADLINE_MS = 5 * 60_000;

/** `announced`: clients still come. `emptying`: nobody new. `final`: everybody is gone, or it is late. */
export interface Drain {
  readonly phase: 'announced' | 'emptying' | 'final' | 'over';
  /** Monotonic; since when it is in its phase. */
  readonly sinceMs: number;
}

/** The phase at `nowMs`, one step further at most: each has something to do where it begins. */
export function nextDrain(drain: Drain, now: { nowMs: number; clients: number }, waits: QuitWaits): Drain {
  const passedMs = now.nowMs - drain.sinceMs;
  const begin = (phase: Drain['phase']): Drain => ({ phase, sinceMs: now.nowMs });
  switch (drain.phase) {
    case 'announced':
      return passedMs >= waits.startMs ? begin('emptying') : drain;
    case 'emptying':
      return now.clients === 0 || passedMs >= DRAIN_DEADLINE_MS ? begin('final') : drain;
    case 'final':
      return passedMs >= waits.finalMs ? begin('over') : drain;
    case 'over':
      return drain;
    default:
      return drain.phase satisfies never;
  }
}

export type QuitSignal = 'SIGTERM' | 'SIGINT' | 'SIGQUIT';

/**
 * SIGQUIT ends slowly, as with SRS 4.0 and 6.0; so does SIGTERM where the conf has `force_grace_quit on`, which
 * Kubernetes wants. Whoever asks while it ends slowly wants it now.
 */
export function quitFor(signal: QuitSignal, o: { isDraining: boolean; forceGraceQuit: boolean }): 'now' | 'drain' {
  if (o.isDraining || signal === 'SIGINT') return 'now';
  return signal === 'SIGQUIT' || o.forceGraceQuit ? 'drain' : 'now';
}
