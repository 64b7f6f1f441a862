import { type FarmSpec, isLoopback } from '@dolphin/protocol';
import { DEFAULT_EDGES, type Layout, type UpOptions } from './layout.js';

/**
 * What `up` has to apply, or null when the farm is as it should be. A farm that is there keeps what its operator applied;
 * only what the command line says (edges, HLS) and what this machine fixes (ports, its own origin) is set. `before`: the address
 * that `up` listened on the last time; an origin there was its own.
 */
export function wishedSpec(
  current: FarmSpec | null,
  asked: Pick<UpOptions, 'edges' | 'hls'>,
  layout: Layout,
  before: string | null = null,
): FarmSpec | null {
  const isOurs = (origin: string) => isLoopback(hostOf(origin)) || hostOf(origin) === before;
  const wished: FarmSpec = {
    ...current,
    engine: current?.engine ?? 'builtin',
    edges: withHls(wishedEdges(current, asked.edges), asked.hls),
    origins: current && !current.origins.every(isOurs) ? current.origins : [`${layout.address}:${layout.ports.origin}`],
    ports: layout.edgePorts,
  };
  return current && sameSpec(current, wished) ? null : wished;
}

/** A number alone changes neither how it is counted nor which hosts it is for. */
function wishedEdges(current: FarmSpec | null, edges: number | undefined): FarmSpec['edges'] {
  if (current === null) return { perHost: edges ?? DEFAULT_EDGES };
  if (edges === undefined) return current.edges;
  return 'total' in current.edges ? { ...current.edges, total: edges } : { ...current.edges, perHost: edges };
}

/** No word of it is the same as none, so that `--no-hls` changes nothing where there is none. */
function withHls({ http, ...edges }: FarmSpec['edges'], hls: boolean | undefined): FarmSpec['edges'] {
  const isWanted = hls ?? http === 1;
  return isWanted ? { ...edges, http: 1 } : edges;
}

/** `[::1]:1935` and `127.0.0.1:1935` without the port. */
function hostOf(origin: string): string {
  return origin.slice(0, origin.lastIndexOf(':'));
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
