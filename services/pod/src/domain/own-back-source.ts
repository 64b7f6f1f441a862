import { type EdgeDefinition, hasViewers } from '@dolphin/protocol';

const OWN_HOST = '127.0.0.1:';

/**
 * Where an edge of a farm pulls from. A leader says 127.0.0.1 for the back source of the edge's own host, wherever
 * that host's private ports are; the origins of a back source are nobody's but theirs.
 */
export function originsAt(edge: Pick<EdgeDefinition, 'role' | 'origins'>, privateAddress: string): string[] {
  if (!hasViewers(edge.role)) return [...edge.origins];
  return edge.origins.map((origin) =>
    origin.startsWith(OWN_HOST) ? `${privateAddress}:${origin.slice(OWN_HOST.length)}` : origin,
  );
}
