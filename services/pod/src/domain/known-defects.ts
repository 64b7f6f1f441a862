import type { Role } from '@dolphin/protocol';
import type { Dialect } from './dialect.js';

interface Defect {
  readonly major: number;
  /** Null: every version of this major. */
  readonly minor: number | null;
  readonly why: string;
}

/** What is known to go wrong with an SRS of some version as an edge here. 5.0 is the one to use. */
const DEFECTS: readonly Defect[] = [
  { major: 2, minor: null, why: 'its API lists no HTTP-FLV players, and it learns no address of a client' },
  { major: 6, minor: 0, why: 'it stays with the first of its origins when that one dies (ossrs/srs#4511)' },
  { major: 7, minor: null, why: 'HTTP-FLV players that join a running stream may get none of it' },
];

/** Tried with 5.0.216: a request for a playlist starts no pull, and only what is pulled is written to files. */
const NO_HLS_ON_DEMAND =
  'an SRS has HLS only of streams that somebody plays on it by RTMP: viewers get 404 for the others; the built-in edge pulls for them';

/** What an edge of this role and program does not do for its viewers; null: nothing is known. */
export function shortcomingOf(role: Role, dialect: Dialect): string | null {
  return role === 'http' && dialect !== 'builtin' ? NO_HLS_ON_DEMAND : null;
}

/** A sentence for each known defect of this version; none is known of the others, which does not make them good. */
export function knownDefects(version: { major: number; minor: number; text: string }): string[] {
  return DEFECTS.filter(
    ({ major, minor }) => major === version.major && (minor === null || minor === version.minor),
  ).map(({ why }) => `SRS ${version.text} as an edge: ${why}; 5.0 is known to be good`);
}
