import type { WallTime } from '../domain/dvr-path.js';

/** Now, by the clock on the wall here or in UTC. */
export function wallTime(utc: boolean): WallTime {
  const now = new Date();
  const unixMs = now.getTime();
  // Of a moment moved by the zone's distance, UTC's fields are those of the place.
  const at = utc ? now : new Date(unixMs - now.getTimezoneOffset() * 60_000);
  return {
    unixMs,
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
  };
}
