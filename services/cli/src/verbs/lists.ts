import { edgeName } from '@dolphin/protocol';
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
    edge.role === 'stream' ? shortNumber(edge.clients) : '-',
  ]);
  printLines(tableLines(EDGE_COLUMNS, rows));
  return 0;
}

const HOST_COLUMNS: readonly Column[] = [
  { title: 'HOST', shrinkTo: 8 },
  { title: 'STATE' },
  { title: 'ADDRESS', shrinkTo: 15 },
  { title: 'EPOCH', align: 'right', optional: true },
  { title: 'POD', align: 'right' },
  { title: 'READY', align: 'right' },
  { title: 'CLIENTS', align: 'right' },
  { title: 'CPU%', align: 'right' },
  { title: 'MEMORY', align: 'right', optional: true },
  { title: 'HEARD', align: 'right' },
];

export async function hosts(api: MasterApi, o: { json: boolean }): Promise<number> {
  const { hosts } = await api.hosts();
  if (o.json) {
    printJson({ schema: 'dolphin.hosts/1', hosts });
    return 0;
  }
  const rows = hosts.map((host) => [
    host.host,
    host.liveness,
    host.address,
    String(host.epoch),
    host.podPid === null ? '-' : String(host.podPid),
    `${host.ready}/${host.desired}`,
    shortNumber(host.clients),
    host.cpuPercent.toFixed(0),
    shortBytes(host.memoryBytes),
    host.heardMsAgo === null ? 'never' : age(host.heardMsAgo),
  ]);
  printLines(tableLines(HOST_COLUMNS, rows));
  return 0;
}
