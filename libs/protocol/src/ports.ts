import { z } from 'zod';
import type { EdgeKey } from './ids.js';

export const Port = z.int().min(1).max(65535);

/** What one edge listens on; all on loopback. A back source has no `http`. */
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

/** Ports that a host with `streamEdges` stream edges would use twice, or that pass 65535; empty when the plan fits. */
export function portConflicts(plan: PortPlan, streamEdges: number, alsoUsed: readonly number[] = []): number[] {
  const seen = new Set<number>(alsoUsed);
  const conflicts = new Set<number>();
  const use = (key: EdgeKey) => {
    const { rtmp, http, api } = edgePorts(plan, key);
    for (const port of http === undefined ? [rtmp, api] : [rtmp, http, api]) {
      if (port > 65535 || seen.has(port)) conflicts.add(port);
      seen.add(port);
    }
  };
  use({ role: 'back-source', slot: 0 });
  for (let slot = 0; slot < streamEdges; slot++) use({ role: 'stream', slot });
  return [...conflicts].sort((a, b) => a - b);
}
