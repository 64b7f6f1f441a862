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

/** A sentence for each known defect of this version; none is known of the others, which does not make them good. */
export function knownDefects(version: { major: number; minor: number; text: string }): string[] {
  return DEFECTS.filter(
    ({ major, minor }) => major === version.major && (minor === null || minor === version.minor),
  ).map(({ why }) => `SRS ${version.text} as an edge: ${why}; 5.0 is known to be good`);
}
