import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_PRIVATE_ADDRESS, NAME_PATTERN, PUBLIC_HTTP_PORT, PUBLIC_RTMP_PORT } from '@dolphin/protocol';
import { parseFlags, UsageError } from '@dolphin/runtime';
import { aloneEdges, MAX_RELAYS, type PodOptions, parsePorts } from './domain/pod-options.js';

export const USAGE = `usage: dolphin-pod --run-dir DIR --host ID [--rtmp PORTS] [--http PORTS] [--address ADDR]
                   [--private-address IPV4] [--conf FILE] [--engine NAME=PATH]... [--mode auto|relay]
                   [--relays N] [--config FILE]
       dolphin-pod alone -p RTMP_PORTS -x HTTP_PORTS -s EDGE_RTMP_PORTS -y EDGE_HTTP_PORTS -c CONF
                   [--hls RTMP_PORT,HTTP_PORT] [-w RELAYS] [-b BINARY] [--api-base PORT] [--address ADDR]
                   [--run-dir DIR] [--mode auto|relay] [--config FILE]

The first form serves a farm: it runs the edges that DIR/host.json names and takes commands on DIR/pod.sock.
The second runs one edge per pair of -s and -y ports, pulling from the origins of CONF, and serves on -p and -x.
--hls adds an edge for HLS on these private ports: requests on -x for .m3u8 and .ts go there.
PORTS are numbers with commas between. --config names a file like conf/pod.yaml. -b is a built-in edge (default) or an SRS.
`;

const BUILTIN_EDGE = fileURLToPath(new URL('../../../bin/dolphin-edge', import.meta.url));
const DEFAULT_CONF = 'conf/dolphin.conf';
const DEFAULT_API_BASE = 33332;

/** Throws UsageError. */
export function parseCommandLine(argv: readonly string[]): PodOptions | 'help' {
  if (argv.includes('--help') || argv.includes('-h')) return 'help';
  return argv[0] === 'alone' ? parseAlone(argv.slice(1)) : parseFarm(argv);
}

function parseFarm(argv: readonly string[]): PodOptions {
  const { flags } = parseFlags(argv, {
    'run-dir': { type: 'string', required: true },
    host: { type: 'string', required: true },
    rtmp: { type: 'string' },
    http: { type: 'string' },
    address: { type: 'string' },
    'private-address': { type: 'string' },
    conf: { type: 'string' },
    engine: { type: 'string', multiple: true },
    mode: { type: 'string' },
    relays: { type: 'int' },
    config: { type: 'string' },
  });
  if (!NAME_PATTERN.test(flags.host))
    throw new UsageError(`--host ${flags.host}: a host id matches [a-z0-9][a-z0-9-]*`);
  const engines = new Map([['builtin', BUILTIN_EDGE]]);
  for (const engine of flags.engine ?? []) {
    const [, name, path] = /^([a-z0-9][a-z0-9-]{0,62})=(.+)$/.exec(engine) ?? [];
    if (name === undefined || path === undefined) throw new UsageError(`--engine ${engine}: wants NAME=PATH`);
    engines.set(name, resolve(path));
  }
  return {
    runDir: resolve(flags['run-dir']),
    host: flags.host,
    rtmp: ports('--rtmp', flags.rtmp ?? String(PUBLIC_RTMP_PORT)),
    http: ports('--http', flags.http ?? String(PUBLIC_HTTP_PORT)),
    address: flags.address ?? '127.0.0.1',
    privateAddress: privateAddress(flags['private-address']),
    confPath: resolve(flags.conf ?? DEFAULT_CONF),
    configPath: flags.config && resolve(flags.config),
    engines,
    mode: mode(flags.mode),
    relays: relays('--relays', flags.relays),
    alone: null,
  };
}

function parseAlone(argv: readonly string[]): PodOptions {
  const { flags } = parseFlags(argv, {
    relays: { type: 'int', short: 'w' },
    rtmp: { type: 'string', short: 'p' },
    http: { type: 'string', short: 'x' },
    binary: { type: 'string', short: 'b' },
    conf: { type: 'string', short: 'c' },
    'edge-rtmp': { type: 'string', short: 's' },
    'edge-http': { type: 'string', short: 'y' },
    hls: { type: 'string' },
    'api-base': { type: 'int' },
    address: { type: 'string' },
    'run-dir': { type: 'string' },
    mode: { type: 'string' },
    config: { type: 'string' },
  });
  const rtmp = ports('-p', flags.rtmp);
  const http = ports('-x', flags.http);
  if (flags.conf === undefined) throw new UsageError('-c is missing');
  const edges = aloneEdges(
    ports('-s', flags['edge-rtmp']),
    ports('-y', flags['edge-http']),
    flags.hls === undefined ? null : ports('--hls', flags.hls),
    { apiBase: flags['api-base'] ?? DEFAULT_API_BASE, publicPorts: [...rtmp, ...http] },
  );
  if ('why' in edges) throw new UsageError(edges.why);
  const engine: [string, string] =
    flags.binary === undefined ? ['builtin', BUILTIN_EDGE] : ['binary', resolve(flags.binary)];
  return {
    runDir: resolve(flags['run-dir'] ?? '.dolphin/alone'),
    host: 'alone',
    rtmp,
    http,
    address: flags.address ?? '::',
    privateAddress: DEFAULT_PRIVATE_ADDRESS,
    confPath: resolve(flags.conf),
    configPath: flags.config && resolve(flags.config),
    engines: new Map([engine]),
    mode: mode(flags.mode),
    relays: relays('-w', flags.relays),
    alone: edges,
  };
}

function ports(flag: string, text: string | undefined): number[] {
  if (text === undefined) throw new UsageError(`${flag} is missing`);
  const parsed = parsePorts(text);
  if (parsed === null) throw new UsageError(`${flag} ${text}: wants ports with commas between`);
  return parsed;
}

/** Not a wildcard: that would open the edges' ports, which ask nobody who he is, to everybody. */
function privateAddress(text: string | undefined): string {
  if (text === undefined) return DEFAULT_PRIVATE_ADDRESS;
  if (!isIPv4(text) || text === '0.0.0.0') {
    throw new UsageError(`--private-address ${text}: wants an IPv4 address of this host`);
  }
  return text;
}

function mode(text: string | undefined): 'auto' | 'relay' {
  if (text === undefined || text === 'auto' || text === 'relay') return text ?? 'auto';
  throw new UsageError(`--mode ${text}: wants auto or relay`);
}

function relays(flag: string, count: number | undefined): number {
  if (count !== undefined && (count < 1 || count > MAX_RELAYS)) {
    throw new UsageError(`${flag} ${count}: wants 1 to ${MAX_RELAYS}`);
  }
  return count ?? 1;
}
