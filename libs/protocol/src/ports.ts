import { z } from 'zod';
import { edgeName } from './edge-name.js';
import type { EdgeKey } from './ids.js';
import { MAX_PUBLIC_PORTS } from './limits.js';

export const Port = z.int().min(1).max(65535);

/** What one edge listens on, all at its host's private address. A back source has no `http`. */
export const EdgePorts = z.object({ rtmp: Port, http: Port.optional(), api: Port });
export type EdgePorts = z.infer<typeof EdgePorts>;

/** Bases from which an edge's slot fixes its ports: base + slot. */
export const PortPlan = z.object({
  streamRtmp: Port.default(1936),
  streamHttp: Port.default(18081),
  streamApi: Port.default(33332),
  backSourceRtmp: Port.default(11935),
  backSourceApi: Port.default(33331),
  /** Beside the ranges of the others, which grow upwards. Nobody comes by its RTMP port: SRS must have one. */
  httpRtmp: Port.default(11936),
  httpHttp: Port.default(18079),
  httpApi: Port.default(33329),
});
export type PortPlan = z.infer<typeof PortPlan>;

/** The ports on which a host takes clients. */
export const PublicPorts = z.array(Port).max(MAX_PUBLIC_PORTS);

/** The ports of an edge, from its slot. */
export function edgePorts(plan: PortPlan, key: EdgeKey): EdgePorts {
  const { role, slot } = key;
  switch (role) {
    case 'stream':
      return { rtmp: plan.streamRtmp + slot, http: plan.streamHttp + slot, api: plan.streamApi + slot };
    case 'back-source':
      return { rtmp: plan.backSourceRtmp + slot, api: plan.backSourceApi + slot };
    case 'http':
      return { rtmp: plan.httpRtmp + slot, http: plan.httpHttp + slot, api: plan.httpApi + slot };
    default:
      return never(role);
  }
}

export function portsOf({ rtmp, http, api }: EdgePorts): number[] {
  return http === undefined ? [rtmp, api] : [rtmp, http, api];
}

/** Is one port of one also one of the other? All edges of a host listen at one address. */
export function shareAPort(a: EdgePorts, b: EdgePorts): boolean {
  const theirs = new Set(portsOf(b));
  return portsOf(a).some((port) => theirs.has(port));
}

/** A port that two would use, or that is above 65535 and so none. */
export interface PortConflict {
  readonly port: number;
  /** As a person knows them: `stream-3 (HTTP)`; one for a port that is none. */
  readonly users: readonly [string] | readonly [string, string];
}

/** What does not fit on a host with so many edges, by port. `taken`: the ports of others, and whose they are. */
export function portConflicts(
  plan: PortPlan,
  { stream, http }: { readonly stream: number; readonly http: number },
  taken: ReadonlyMap<number, string> = new Map(),
): PortConflict[] {
  const users = new Map(taken);
  const conflicts = new Map<number, PortConflict>();
  const use = (key: EdgeKey) => {
    for (const [kind, port] of Object.entries(edgePorts(plan, key))) {
      const user = `${edgeName(key)} (${kind.toUpperCase()})`;
      const other = users.get(port);
      if (port > 65535) conflicts.set(port, { port, users: [user] });
      else if (other !== undefined) conflicts.set(port, { port, users: [other, user] });
      else users.set(port, user);
    }
  };
  use({ role: 'back-source', slot: 0 });
  for (let slot = 0; slot < stream; slot++) use({ role: 'stream', slot });
  for (let slot = 0; slot < http; slot++) use({ role: 'http', slot });
  return [...conflicts.values()].sort((a, b) => a.port - b.port);
}

function never(role: never): never {
  throw new TypeError(`no such role: ${JSON.stringify(role)}`);
}
