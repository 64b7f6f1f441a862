import type { FarmSpec } from '@dolphin/protocol';
import { DEFAULT_EDGES, type Layout } from './layout.js';

/**
 * What `up` has to apply, or null when the farm is as it should be. A farm that is there keeps what its operator
 * applied; only what the command line says (edges) and what this machine fixes (ports, a loopback origin) is set.
 */
export function wishedSpec(current: FarmSpec | null, edges: number | undefined, layout: Layout): FarmSpec | null {
  const origin = `127.0.0.1:${layout.ports.origin}`;
  const wished: FarmSpec = {
    engine: current?.engine ?? 'builtin',
    edges: edges === undefined && current ? current.edges : { perHost: edges ?? DEFAULT_EDGES },
    origins: current?.origins.some((known) => !isLoopback(known)) ? current.origins : [origin],
    ports: layout.edgePorts,
  };
  return current && sameSpec(current, wished) ? null : wished;
}

function isLoopback(address: string): boolean {
  return /^(127\.|localhost:|\[::1\])/.test(address);
}

function sameSpec(a: FarmSpec, b: FarmSpec): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
