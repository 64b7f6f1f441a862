import type { HostView } from '@dolphin/protocol';
import { edgeName, hasViewers } from '@dolphin/protocol/plain.js';
import { type Column, tableLines } from '../domain/table.js';
import { age, shortBytes, shortNumber } from '../domain/words.js';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines } from './output.js';

const EDGE_COLUMNS: readonly Column[] = [
  { title: 'HOST', shrinkTo: 8 },
  { title: 'EDGE' },
  { title: 'GEN', align: 'right', optional: true },
  { title: 'ENGINE', shrinkTo: 7, optional: true },
  { title: 'STATE' },
  { title: 'PID', align: 'right' },
  { title: 'RTMP', align: 'right' },
  { title: 'HTTP', align: 'right' },
  { title: 'API', align: 'right' },
  { title: 'CLIENTS', align: 'right' },
];

/** Every edge as the master knows it, with its private ports. */
export async function edges(api: MasterApi, o: { json: boolean }): Promise<number> {
  const { edges } = await api.edges();
  if (o.json) {
    printJson({ schema: 'dolphin.edges/1', edges });
    return 0;
  }
  const rows = edges.map((edge) => [
    edge.host,
    edge.name ?? edgeName(edge),
    String(edge.generation),
    edge.engine,
    edge.state,
    edge.pid === null ? '-' : String(edge.pid),
    String(edge.ports.rtmp),
    edge.ports.http === undefined ? '-' : String(edge.ports.http),
    String(edge.ports.api),
    hasViewers(edge.role) ? shortNumber(edge.clients) : '-',
  ]);
  printLines(tableLines(EDGE_COLUMNS, rows));
  return 0;
}

interface HostColumn extends Column {
  readonly of: (host: HostView) => string;
  /** Shown where it says something of any host. */
  readonly isRare?: true;
}

const HOST_COLUMNS: readonly HostColumn[] = [
  { title: 'HOST', shrinkTo: 8, of: ({ host }) => host },
  { title: 'STATE', of: stateOf },
  { title: 'ADDRESS', shrinkTo: 15, of: ({ address }) => address },
  { title: 'LABELS', shrinkTo: 6, isRare: true, of: labelsOf },
  { title: 'POD', align: 'right', of: ({ podPid }) => (podPid === null ? '-' : String(podPid)) },
  { title: 'READY', align: 'right', of: ({ ready, desired }) => `${ready}/${desired}` },
  { title: 'TAKES', align: 'right', isRare: true, of: ({ capacity }) => String(capacity ?? '-') },
  { title: 'CLIENTS', align: 'right', of: ({ clients }) => shortNumber(clients) },
  { title: 'CPU%', align: 'right', of: ({ cpuPercent }) => cpuPercent.toFixed(0) },
  { title: 'HEARD', align: 'right', of: ({ heardMsAgo }) => (heardMsAgo === null ? 'never' : age(heardMsAgo)) },
  { title: 'MEMORY', align: 'right', optional: true, of: ({ memoryBytes }) => shortBytes(memoryBytes) },
  { title: 'EPOCH', align: 'right', optional: true, of: ({ epoch }) => String(epoch) },
];

export async function hosts(api: MasterApi, o: { json: boolean }): Promise<number> {
  const { hosts } = await api.hosts();
  if (o.json) {
    printJson({ schema: 'dolphin.hosts/1', hosts });
    return 0;
  }
  const columns = HOST_COLUMNS.filter(({ isRare, of }) => !isRare || hosts.some((host) => of(host) !== '-'));
  printLines(
    tableLines(
      columns,
      hosts.map((host) => columns.map(({ of }) => of(host))),
    ),
  );
  return 0;
}

/** What an operator did to a host says more than that it is up. */
function stateOf({ liveness, draining, cordoned }: HostView): string {
  if (liveness !== 'up') return liveness;
  if (draining) return 'draining';
  return cordoned ? 'cordoned' : liveness;
}

function labelsOf({ labels = {} }: HostView): string {
  const words = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return words.length === 0 ? '-' : words.sort().join(',');
}
