import type { LoadProtocol } from './load-player.js';

/**
 * What `bench edge` measures. `floor`: floor.ts. `haproxy`: HAProxy that relays the floor. `builtin`: the edge in this
 * repository. `srs`: the binary that --srs or SRS_BIN names. The others are peers.
 */
export const EDGE_PROGRAMS = ['floor', 'haproxy', 'builtin', 'srs', 'nginx-rtmp', 'node-media-server'] as const;
export type EdgeProgram = (typeof EDGE_PROGRAMS)[number];

export function isEdgeProgram(text: string): text is EdgeProgram {
  return EDGE_PROGRAMS.some((name) => name === text);
}

/** Floor and HAProxy pass bytes that are no protocol's. */
export function isRaw(program: EdgeProgram): program is 'floor' | 'haproxy' {
  return program === 'floor' || program === 'haproxy';
}

/** nginx-rtmp has no HTTP-FLV. */
export function canServe(program: EdgeProgram, protocol: LoadProtocol): boolean {
  return program !== 'nginx-rtmp' || protocol === 'rtmp';
}

/** Those of all, or of the `wanted`, that can be run here; the floor, which all is compared with, always. */
export function programsFor(o: {
  wanted: readonly EdgeProgram[];
  protocol: LoadProtocol;
  hasSrs: boolean;
}): EdgeProgram[] {
  return EDGE_PROGRAMS.filter(
    (name) =>
      (name === 'floor' || o.wanted.length === 0 || o.wanted.includes(name)) &&
      canServe(name, o.protocol) &&
      (name !== 'srs' || o.hasSrs),
  );
}
