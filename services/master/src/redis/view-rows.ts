import type { EdgeView, FarmView } from '@dolphin/protocol';

/** dolphin:<farm>:… (docs/reference/redis.md) */
export function viewKeys(farm: string) {
  const root = `dolphin:${farm}`;
  return {
    farm: `${root}:farm`,
    hosts: `${root}:hosts`,
    edges: `${root}:edges`,
    stats: `${root}:stats`,
    host: `${root}:host:`,
    edge: `${root}:edge:`,
  };
}

type Flat = readonly [string, string | number | boolean | null][];

interface Row {
  readonly name: string;
  readonly key: string;
  readonly fields: string[];
}

/** A view as hashes: `fields` are names and values in turn. Lists and objects are JSON; null is the empty string. */
export function viewRows(view: FarmView): {
  prefixes: [string, string];
  farm: string[];
  hosts: Row[];
  edges: Row[];
  sample: string[];
} {
  const keys = viewKeys(view.farm);
  const stamp: Flat = [
    ['sequence', view.sequence],
    ['term', view.leader?.term ?? 0],
    ['at', view.at],
  ];
  const { totals } = view;
  return {
    prefixes: [keys.host, keys.edge],
    farm: flat([
      ...stamp,
      ['farmId', view.farmId],
      ['version', view.version],
      ['leader', view.leader?.master ?? null],
      ['specVersion', view.specVersion],
      ['spec', JSON.stringify(view.spec)],
      ['settled', view.settled],
      ['update', view.update ? JSON.stringify(view.update) : null],
      ...Object.entries(totals),
    ]),
    hosts: view.hosts.map(({ host, heardMsAgo: _, ...fields }) => ({
      name: host,
      key: keys.host + host,
      fields: flat([['host', host], ...Object.entries(fields).map(asText), ...stamp]),
    })),
    edges: newestOfSlots(view.edges).map(({ sequence, term, ...fields }) => {
      const name = slotName(fields);
      const accepted: Flat = [
        ['acceptedTerm', term],
        ['acceptedSequence', sequence],
      ];
      return {
        name,
        key: keys.edge + name,
        fields: flat([...Object.entries(fields).map(asText), ...accepted, ...stamp]),
      };
    }),
    sample: flat([
      ...stamp,
      ...Object.entries(totals),
      ...view.hosts.flatMap((host): [string, number][] => [
        [`host:${host.host}:clients`, host.clients],
        [`host:${host.host}:kbitPerS`, host.kbitPerS],
        [`host:${host.host}:cpuPercent`, host.cpuPercent],
        [`host:${host.host}:memoryFreeBytes`, host.memoryFreeBytes],
      ]),
    ]),
  };
}

/** Of two edges of a slot, one of which replaces the other, the newest: the view has it first. */
function newestOfSlots(edges: readonly EdgeView[]): EdgeView[] {
  const slots = new Map<string, EdgeView>();
  for (const edge of edges) if (!slots.has(slotName(edge))) slots.set(slotName(edge), edge);
  return [...slots.values()];
}

function slotName({ host, role, slot }: Pick<EdgeView, 'host' | 'role' | 'slot'>): string {
  return `${host}:${role}-${slot}`;
}

function asText([name, value]: [string, unknown]): [string, string | number | boolean | null] {
  const isPlain =
    value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return [name, isPlain ? value : JSON.stringify(value)];
}

function flat(fields: Flat): string[] {
  return fields.flatMap(([name, value]) => [name, value === null ? '' : String(value)]);
}
