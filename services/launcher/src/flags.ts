import { DolphinError, MAX_EDGES_PER_HOST } from '@dolphin/protocol';
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
  --edges N          stream edges of this host (first time: 4; later: what the farm has)
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

Everything listens on 127.0.0.1. Ctrl-C, or ./dolphin down, stops all of it in order (exit code 0); a second Ctrl-C
kills it at once (130).
`;

export const DOWN_USAGE = `usage: ./dolphin down [--dir DIR]

  --dir DIR          the directory of the up to be stopped (default: .dolphin in the checkout)
`;

export interface UpCommand extends Omit<UpOptions, 'dir'> {
  readonly dir: string | undefined;
  readonly help: boolean;
}

/** Throws UsageError, or E_NOT_YET for --listen. */
export function parseUp(argv: readonly string[]): UpCommand {
  const { flags } = parseFlags(argv, {
    help: { type: 'boolean', short: 'h' },
    dir: { type: 'string' },
    edges: { type: 'int' },
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
  if (flags.listen !== undefined)
    throw new DolphinError('E_NOT_YET', { what: 'up --listen (hosts of other machines)' });
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
    edges: flags.edges,
    demo: !flags['no-demo'],
    redis: !flags['no-redis'],
    portBase: flags['port-base'],
    ports,
  };
  const problem = problemOf(command);
  if (problem) throw new UsageError(problem);
  return command;
}

function problemOf(command: UpCommand): string | undefined {
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
