import type { Status, StatusEdge, StatusStream } from './status.js';
import { problemLine } from './status-level.js';
import { type Column, tableLines, wrap } from './table.js';
import { age, oneLine, shortBytes, shortNumber } from './words.js';

const WIDTH = 80;
/** More streams than this are a matter for a list of their own. */
const MAX_STREAMS = 20;

const HOST_COLUMNS: readonly Column[] = [
  { title: 'HOST', shrinkTo: 8 },
  { title: 'STATE' },
  { title: 'RTMP', shrinkTo: 5 },
  { title: 'HTTP', shrinkTo: 5 },
  { title: 'POD', align: 'right' },
  { title: 'SERVE', align: 'right' },
  { title: 'CLIENTS', align: 'right' },
  { title: 'KBIT/S', align: 'right' },
  { title: 'CPU%', align: 'right' },
  { title: 'FREE', align: 'right' },
];

const EDGE_COLUMNS: readonly Column[] = [
  { title: 'HOST', shrinkTo: 4 },
  { title: 'EDGE' },
  { title: 'STATE' },
  { title: 'PID', align: 'right' },
  { title: 'API', align: 'right' },
  { title: 'CLIENTS', align: 'right' },
  { title: 'KBIT/S', align: 'right' },
  { title: 'STREAMS', align: 'right' },
  { title: 'UP', align: 'right', optional: true },
];

export const STREAM_COLUMNS: readonly Column[] = [
  { title: 'STREAM', shrinkTo: 12 },
  { title: 'CLIENTS', align: 'right' },
  { title: 'PUBLISH', align: 'right' },
  { title: 'EDGES', align: 'right' },
  { title: 'CODECS' },
];

/** What `status` prints for people: no line is longer than 80 characters. */
export function statusLines(status: Status): string[] {
  const { farm, totals, problems } = status;
  const lines = [`farm ${farm.farm}: ${status.level}; ${controlPlane(status)}`];
  if (status.hosts.length > 0) lines.push('', ...tableLines(HOST_COLUMNS, hostRows(status)));
  if (status.edges.length > 0) lines.push('', ...tableLines(EDGE_COLUMNS, status.edges.map(edgeRow)));
  if (status.streams.length > 0)
    lines.push('', ...tableLines(STREAM_COLUMNS, streamRows(status.streams.slice(0, MAX_STREAMS))));
  const more = status.streams.length - MAX_STREAMS;
  if (more > 0) lines.push(`… and ${more} more`);
  lines.push(
    '',
    `total: ${totals.serving} of ${totals.desired} stream edges serve; clients ${totals.clients}, ` +
      `kbit/s ${shortNumber(totals.kbitPerS)}, streams ${totals.streams}`,
  );
  if (problems.length > 0) lines.push('', ...problems.map((problem) => `! ${problemLine(problem)}`));
  return lines.flatMap((line) => wrap(oneLine(line, 'keep start'), WIDTH, '  '));
}

/** What stands there while nobody tells: why each does not. */
export function silenceLines(whys: readonly string[]): string[] {
  return ['unknown: nobody tells of the farm', '', ...whys.map((why) => `! ${why}`)].flatMap((line) =>
    wrap(oneLine(line), WIDTH, '  '),
  );
}

function controlPlane({ farm, source }: Status): string {
  if (farm.master === null) {
    const whom = source.type === 'workers' ? 'the workers tell it' : 'this machine knows it';
    return `as ${whom}, ${source.ageMs === null ? 'at no time' : `${age(source.ageMs)} ago`}`;
  }
  const leader = farm.leader ? `leader ${farm.leader.master} (term ${farm.leader.term})` : 'no leader';
  return `spec ${farm.specVersion}, ${progress(farm)}; ${leader}`;
}

function progress({ settled, update }: Status['farm']): string {
  if (settled) return 'settled';
  return update?.state === 'running' ? `${update.done} of ${update.edges} edges changed` : 'not settled';
}

function hostRows(status: Status): string[][] {
  return status.hosts.map((host) => [
    host.host,
    host.liveness,
    host.rtmp.join(','),
    host.http.join(','),
    host.podPid === null ? '-' : String(host.podPid),
    `${host.serving}/${host.desired}`,
    shortNumber(host.clients),
    shortNumber(host.kbitPerS),
    host.cpuPercent?.toFixed(0) ?? '-',
    host.memoryFreeBytes === null ? '-' : shortBytes(host.memoryFreeBytes),
  ]);
}

function edgeRow(edge: StatusEdge): string[] {
  const { edgeClients } = edge;
  const feeds = edgeClients === undefined ? '-' : `${edgeClients} edge${edgeClients === 1 ? '' : 's'}`;
  return [
    edge.host,
    edge.name,
    edge.state,
    edge.pid === null ? '-' : String(edge.pid),
    apiPort(edge.api),
    edge.clients === null ? feeds : shortNumber(edge.clients),
    shortNumber(edge.kbitPerS),
    edge.streams === null ? '-' : String(edge.streams),
    edge.pid === null ? '-' : age(edge.uptimeMs).replace(' ', ''),
  ];
}

export function streamRows(streams: readonly StatusStream[]): string[][] {
  return streams.map((stream) => [
    stream.url,
    shortNumber(stream.clients),
    stream.publishers === null ? '-' : shortNumber(stream.publishers),
    String(stream.edges),
    codecsOf(stream),
  ]);
}

/** An edge learns the codecs from what it sends to players: of a stream that it only forwards it knows none. */
function codecsOf({ clients, publishers, video, audio }: StatusStream): string {
  const codecs = oneLine([video, audio].filter(Boolean).join(' + '));
  return codecs || (publishers === clients ? 'nobody plays it' : '-');
}

function apiPort(api: string): string {
  return /:(\d+)$/.exec(api)?.[1] ?? '-';
}
