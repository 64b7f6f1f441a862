import { z } from 'zod';
import { type EdgeKey, edgeName } from './ids.js';
import { MAX_PUBLIC_PORTS } from './limits.js';

export const Port = z.int().min(1).max(65535);

/** Where edges listen, unless their host is given another private address. */
export const DEFAULT_PRIVATE_ADDRESS = '127.0.0.1';

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
});
export type PortPlan = z.infer<typeof PortPlan>;

/** The ports on which a host takes clients. */
export const PublicPorts = z.array(Port).max(MAX_PUBLIC_PORTS);

/** The clients' ports of a host, and the master's API. */
export const PUBLIC_RTMP_PORT = 19350;
export const PUBLIC_HTTP_PORT = 8088;
export const GLOBAL_API_PORT = 33330;

/** The ports of an edge, from its slot. */
export function edgePorts(plan: PortPlan, key: EdgeKey): EdgePorts {
  return key.role === 'stream'
    ? { rtmp: plan.streamRtmp + key.slot, http: plan.streamHttp + key.slot, api: plan.streamApi + key.slot }
    : { rtmp: plan.backSourceRtmp + key.slot, api: plan.backSourceApi + key.slot };
}

/** A port that two would use, or that is above 65535 and so none. */
export interface PortConflict {
  readonly port: number;
  /** As a person knows them: `stream-3 (HTTP)`; one for a port that is none. */
  readonly users: readonly [string] | readonly [string, string];
}

/** What does not fit on a host with `streamEdges` stream edges, by port. `taken`: the ports of others, and whose they are. */
export function portConflicts(
  plan: PortPlan,
  streamEdges: number,
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
  for (let slot = 0; slot < streamEdges; slot++) use({ role: 'stream', slot });
  return [...conflicts.values()].sort((a, b) => a.port - b.port);
}
