import { type EdgeDefinition, type EdgePorts, edgeName, portsOf } from '@dolphin/protocol';

/** `count` places from these ports on, for stream edges that start beside the one they replace. */
export interface SparePorts {
  readonly rtmp: number;
  readonly http: number;
  readonly api: number;
  readonly count: number;
}
const FIELDS = ['rtmp', 'http', 'api'] as const;

/** A port that is not to be a spare one; `by`: `a public RTMP port`. */
export interface TakenPort {
  readonly port: number;
  readonly by: string;
}

/** The first place of which no port is used; null: there is none. */
export function pickSparePorts(spare: SparePorts | null, used: readonly EdgePorts[]): EdgePorts | null {
  if (spare === null) return null;
  const taken = new Set(used.flatMap(portsOf));
  return placesOf(spare).find((ports) => !portsOf(ports).some((port) => taken.has(port))) ?? null;
}

export function placesOf(spare: SparePorts): EdgePorts[] {
  const { rtmp, http, api, count } = spare;
  return Array.from({ length: count }, (_, i) => ({ rtmp: rtmp + i, http: http + i, api: api + i }));
}

/** Which spare ports are somebody's, with the field of the configuration that they come from. */
export function spareClashes(
  spare: SparePorts,
  taken: readonly TakenPort[],
): (TakenPort & { readonly field: (typeof FIELDS)[number] })[] {
  return FIELDS.flatMap((field) =>
    taken
      .filter(({ port }) => port >= spare[field] && port < spare[field] + spare.count)
      .map((each) => ({ ...each, field })),
  );
}

/** What is to be said of a slot whose own ports are spare ones: its place among them is not used. */
export function slotClashes(spare: SparePorts | null, edge: EdgeDefinition): string[] {
  if (spare === null) return [];
  return spareClashes(spare, takenBySlot(edgeName(edge), edge.ports)).map(
    ({ field, port, by }) => `sparePorts.${field}: port ${port} is ${by}: no edge is started on that place`,
  );
}

export function takenBySlot(name: string, { rtmp, http, api }: EdgePorts): TakenPort[] {
  return [
    { port: rtmp, by: `the RTMP port of ${name}` },
    ...(http === undefined ? [] : [{ port: http, by: `the HTTP port of ${name}` }]),
    { port: api, by: `the API port of ${name}` },
  ];
}
