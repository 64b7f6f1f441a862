/** What a load's players received in a window of time. */
export interface WindowResult {
  players: number;
  seconds: number;
  /** Of all players together, in bytes. */
  bytes: number;
  kbps: { min: number; median: number; max: number };
  /** What the stream itself had in that window, as a player at its source saw it; null when nobody looked. */
  sourceKbps: number | null;
  /** Players that got less than they should have, or whose connection ended. */
  starving: number;
}

/** A player short of a twentieth of the stream has stalled, or skipped. */
const STARVING_BELOW = 0.95;
/**
 * The window cuts through merged writes of 350 ms, at both ends and at different points for each player: so much
 * stream may be missing without a fault.
 */
const SLACK_SECONDS = 0.8;

/** `perPlayer`: bytes in the window, in any order; a player that ended counts what it got. */
export function summarize(
  perPlayer: readonly number[],
  seconds: number,
  sourceBytes: number | null,
  ended: number,
): WindowResult {
  const sorted = [...perPlayer].sort((a, b) => a - b);
  const kbps = (bytes: number | undefined) => Math.round(((bytes ?? 0) * 8) / seconds) / 1000;
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  // Without a source to compare with, the others tell what there was.
  const full = sourceBytes ?? median;
  const least = full * STARVING_BELOW - (full / seconds) * SLACK_SECONDS;
  const short = sorted.filter((bytes) => bytes < least || bytes === 0).length;
  return {
    players: sorted.length,
    seconds,
    bytes: sorted.reduce((sum, bytes) => sum + bytes, 0),
    kbps: { min: kbps(sorted[0]), median: kbps(median), max: kbps(sorted.at(-1)) },
    sourceKbps: sourceBytes === null ? null : kbps(sourceBytes),
    starving: Math.max(short, ended),
  };
}
