import { type EdgeDefinition, MAX_EDGES_PER_HOST } from '@dolphin/protocol';

/** All that a pod is told at its start. */
export interface PodOptions {
  readonly runDir: string;
  readonly host: string;
  readonly rtmp: readonly number[];
  readonly http: readonly number[];
  /** What the public ports listen on. */
  readonly address: string;
  /** What edges listen on: an IPv4 address of this host, loopback unless they are to be asked from elsewhere. */
  readonly privateAddress: string;
  readonly confPath: string;
  /** The pod's own configuration, conf/pod.yaml; undefined: its defaults. */
  readonly configPath: string | undefined;
  /** Program by engine name. */
  readonly engines: ReadonlyMap<string, string>;
  readonly mode: 'auto' | 'relay';
  readonly relays: number;
  /** A pod alone: the slots of its edges; null: a farm's, by its commands. */
  readonly alone: AloneEdges | null;
}

/** What a pod alone runs. */
export interface AloneEdges {
  readonly stream: readonly AloneSlot[];
  /** Its http edge; null: none, and so no HLS. */
  readonly http: AloneSlot | null;
}

export interface AloneSlot {
  readonly rtmp: number;
  readonly http: number;
  readonly api: number;
}

export const MAX_RELAYS = 64;

/** `19350,19351` → numbers; null for anything else. */
export function parsePorts(text: string): number[] | null {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.every((part) => /^\d{1,5}$/.test(part))) return null;
  const ports = parts.map(Number);
  return ports.every((port) => port >= 1 && port <= 65535) ? ports : null;
}

/**
 * Why these edges cannot be, or their places: pair by pair of RTMP and HTTP ports, private APIs from `apiBase` on. `hls`: the
 * RTMP and the HTTP port of an http edge, whose API comes after the others; null: there is none.
 */
export function aloneEdges(
  rtmp: readonly number[],
  http: readonly number[],
  hls: readonly number[] | null,
  { apiBase, publicPorts }: { readonly apiBase: number; readonly publicPorts: readonly number[] },
): AloneEdges | { readonly why: string } {
  if (rtmp.length !== http.length)
    return { why: `-s names ${rtmp.length} ports and -y ${http.length}: they go in pairs` };
  if (rtmp.length > MAX_EDGES_PER_HOST) return { why: `at most ${MAX_EDGES_PER_HOST} edges` };
  if (hls !== null && hls.length !== 2) return { why: '--hls wants two ports, RTMP and HTTP, with a comma between' };
  const slots = rtmp.map((port, index) => ({ rtmp: port, http: http[index] ?? 0, api: apiBase + index }));
  const [hlsRtmp = 0, hlsHttp = 0] = hls ?? [];
  const httpEdge = hls === null ? null : { rtmp: hlsRtmp, http: hlsHttp, api: apiBase + slots.length };
  const seen = new Set<number>();
  const all = httpEdge === null ? slots : [...slots, httpEdge];
  for (const port of [...publicPorts, ...all.flatMap((slot) => [slot.rtmp, slot.http, slot.api])]) {
    if (port > 65535) return { why: `port ${port} is too high` };
    if (seen.has(port)) return { why: `port ${port} is named twice` };
    seen.add(port);
  }
  return { stream: slots, http: httpEdge };
}

/** The edges of a pod alone, as a farm would define them. */
export function aloneDefinitions(
  { stream, http }: AloneEdges,
  origins: readonly string[],
  engine: string,
): EdgeDefinition[] {
  const define = (role: 'stream' | 'http', ports: AloneSlot, slot: number): EdgeDefinition => {
    return { role, slot, generation: 1, engine, ports: { ...ports }, origins: [...origins] };
  };
  return [
    ...stream.map((ports, slot) => define('stream', ports, slot)),
    ...(http === null ? [] : [define('http', http, 0)]),
  ];
}
