import type { StreamKey } from './stream-key.js';

/** A moment, by the clock on the wall of who reads the file's name. */
export interface WallTime {
  readonly unixMs: number;
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Where a recording goes when it is over; until then it has this name with PARTIAL behind it, as in SRS. */
export const PARTIAL = '.tmp';

/** How long it became: known at its end. */
const DURATION = '[duration]';

/**
 * The path of a recording that begins now: `[vhost]`, `[app]`, `[stream]`, `[timestamp]` (ms) and Go's moment
 * `[2006]-[01]-[02] [15]:[04]:[05].[999]`, as in SRS. `[duration]` stays, see `finalPath`.
 *
 * Null: a name would lead out of the directory that the template means. Names may have slashes, but no part of them, nor
 * of what they become in the template, is `.`, `..` or nothing; and what a name looks like is not replaced again.
 */
export function dvrPath(template: string, { vhost, app, stream }: StreamKey, at: WallTime): string | null {
  if (![vhost, app, stream].every(isPlainName)) return null;
  const two = (value: number) => String(value).padStart(2, '0');
  const values: Readonly<Record<string, string>> = {
    vhost,
    app,
    stream,
    timestamp: String(at.unixMs),
    '2006': String(at.year).padStart(4, '0'),
    '01': two(at.month),
    '02': two(at.day),
    '15': two(at.hour),
    '04': two(at.minute),
    '05': two(at.second),
    '999': String(at.unixMs % 1000).padStart(3, '0'),
  };
  const path = template.replace(/\[(\w+)\]/g, (whole, name: string) => values[name] ?? whole);
  return climbs(path) > climbs(template) ? null : path;
}

/** The path with how long the recording became, in ms. */
export function finalPath(path: string, durationMs: number): string {
  return path.replaceAll(DURATION, String(Math.round(durationMs)));
}

/** Where the rest of a recording that was never finished goes, by when it was last written to: the next one has its name. */
export function restPath(path: string, lastWrittenMs: number): string {
  return `${path}.${Math.floor(lastWrittenMs)}${PARTIAL}`;
}

function isPlainName(name: string): boolean {
  return !name.includes('\0') && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function climbs(path: string): number {
  return path.split('/').filter((part) => part === '..').length;
}
