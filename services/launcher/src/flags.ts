import { isIPv4 } from 'node:net';
import { MAX_EDGES_PER_HOST } from '@dolphin/protocol';
import { parseFlags, UsageError } from '@dolphin/runtime';
import {
  type FarmPorts,
  layoutOf,
  layoutProblems,
  MAX_EDGES_IN_BLOCK,
  PORT_BLOCK,
  type UpOptions,
} from './domain/layout.js';

export const UP_USAGE = `usage: ./dolphin up [flags]

  --dir DIR          where data, logs and sockets lie (default: .dolphin in the checkout)
  --listen ADDRESS   listen at this IPv4 address of this machine, with passwords and tokens, for hosts on others
                     (default: where the last up in DIR did, at first on 127.0.0.1, where nobody is asked)
  --edges N          stream edges of each host, or of all where the farm has a total (first time: 4; later: what it has)
  --hls, --no-hls    HLS on the public HTTP port, or none: an http edge on each host (first time: none; later: as it was)
  --no-demo          no sample publisher
  --no-redis         without Redis: no view for other programs, no history of stats
  --port-base N      all ports in the block N to N+${PORT_BLOCK - 1}, for several farms on one machine (at most ${MAX_EDGES_IN_BLOCK} edges each)
  --rtmp PORT        public RTMP port (19350)
  --http PORT        public HTTP port (8088)
  --api-port PORT    the master's global API (33330)
  --nats-port PORT   nats-server (14222)
  --redis-port PORT  redis-server (16379)
  --origin-port PORT, --origin-http-port PORT, --origin-api-port PORT
                     the origin's RTMP, HTTP and API ports (1935, 18080, 11985)

With --listen the command is printed by which the next host joins. Ctrl-C, or ./dolphin down, stops all of it in order (exit code 0); a second Ctrl-C
kills it at once (130).
`;

export const INVITE_USAGE = `usage: ./dolphin invite HOST [--dir DIR]

  HOST               what the host is to be called: [a-z0-9][a-z0-9-]*
  --dir DIR          the directory of the up --listen that it is to join (default: .dolphin in the checkout)
`;

export const DOWN_USAGE = `usage: ./dolphin down [--dir DIR]

  --dir DIR          the directory of the up to be stopped (default: .dolphin in the checkout)
`;

export interface UpCommand extends Omit<UpOptions, 'dir'> {
  readonly dir: string | undefined;
  readonly help: boolean;
}

/** Throws UsageError. */
export function parseUp(argv: readonly string[]): UpCommand {
  const { flags } = parseFlags(argv, {
    help: { type: 'boolean', short: 'h' },
    dir: { type: 'string' },
    edges: { type: 'int' },
    hls: { type: 'boolean' },
    'no-hls': { type: 'boolean' },
    'no-demo': { type: 'boolean' },
    'no-redis': { type: 'boolean' },
    'port-base': { type: 'int' },
    rtmp: { type: 'int' },
    http: { type: 'int' },
    'api-port': { type: 'int' },
    'nats-port': { type: 'int' },
    'redis-port': { type: 'int' },
    'origin-port': { type: 'int' },
    'origin-http-port': { type: 'int' },
    'origin-api-port': { type: 'int' },
    listen: { type: 'string' },
  });
  const given = {
    rtmp: flags.rtmp,
    http: flags.http,
    api: flags['api-port'],
    nats: flags['nats-port'],
    redis: flags['redis-port'],
    origin: flags['origin-port'],
    originHttp: flags['origin-http-port'],
    originApi: flags['origin-api-port'],
  };
  const ports: Partial<FarmPorts> = Object.fromEntries(Object.entries(given).filter(([, port]) => port !== undefined));
  const command: UpCommand = {
    help: flags.help ?? false,
    dir: flags.dir,
    listen: flags.listen,
    edges: flags.edges,
    hls: flags.hls ? true : flags['no-hls'] ? false : undefined,
    demo: !flags['no-demo'],
    redis: !flags['no-redis'],
    portBase: flags['port-base'],
    ports,
  };
  if (flags.hls && flags['no-hls']) throw new UsageError('--hls and --no-hls: only one of them');
  const problem = problemOf(command);
  if (problem) throw new UsageError(problem);
  return command;
}

function problemOf(command: UpCommand): string | undefined {
  // One address: clients, hosts and the specification are told it.
  if (command.listen !== undefined && (!isIPv4(command.listen) || command.listen === '0.0.0.0')) {
    return `--listen wants an IPv4 address of this machine, not ${JSON.stringify(command.listen)}`;
  }
  const most = command.portBase === undefined ? MAX_EDGES_PER_HOST : MAX_EDGES_IN_BLOCK;
  if (command.edges !== undefined && command.edges > most) return `--edges: at most ${most}`;
  if (command.portBase !== undefined && command.portBase > 65536 - PORT_BLOCK) {
    return `--port-base: at most ${65536 - PORT_BLOCK}`;
  }
  return layoutProblems(layoutOf(command))[0];
}

export function parseDown(argv: readonly string[]): { help: boolean; dir: string | undefined } {
  const { flags } = parseFlags(argv, { help: { type: 'boolean', short: 'h' }, dir: { type: 'string' } });
  return { help: flags.help ?? false, dir: flags.dir };
}

export function parseInvite(argv: readonly string[]): { help: boolean; dir: string | undefined; host: string } {
  const specs = { help: { type: 'boolean', short: 'h' }, dir: { type: 'string' } } as const;
  const { flags, positionals } = parseFlags(argv, specs, { positionals: true });
  const [host, ...more] = positionals;
  const help = flags.help ?? false;
  if (!help && (host === undefined || more.length > 0)) throw new UsageError('invite wants the name of one host');
  return { help, dir: flags.dir, host: host ?? '' };
}
