import type { EdgeKey, Role } from './ids.js';

/** `stream-0`, `back-source-0`: names work directories, log lines and table rows. */
export function edgeName(key: EdgeKey): string {
  return `${key.role}-${key.slot}`;
}

/** Whether viewers come to an edge of this role; those of a back source are the other edges of its host. */
export function hasViewers(role: Role): boolean {
  return role !== 'back-source';
}

/** The edges of one host in the order in which they are shown: the back source, the stream edges, the http edge. */
export function compareEdges(a: EdgeKey, b: EdgeKey): number {
  return RANK[a.role] - RANK[b.role] || a.slot - b.slot;
}

const RANK: Readonly<Record<Role, number>> = { 'back-source': 0, stream: 1, http: 2 };
