import { type Command, InvalidArgumentError, Option } from 'commander';
import { type FilterOptions, givenFilters } from './given-filters.js';
import { wholeNumber } from './whole-number.js';

export interface ClientsAsked {
  readonly verb: 'clients';
  /** As the global API takes them. */
  readonly filters: Readonly<Record<string, string>>;
  readonly limit: number;
}

export interface KickAsked {
  readonly verb: 'kick';
  readonly session: string;
  readonly host: string | undefined;
  readonly why: string | undefined;
}

const DEFAULT_CLIENTS = 100;
/** MAX_SESSION_PAGE of libs/protocol: what one answer holds. */
const MAX_CLIENTS = 1_000;
const FILTERS = ['host', 'edge', 'stream', 'address', 'protocol'] as const;

interface Options extends FilterOptions<(typeof FILTERS)[number]> {
  readonly json?: boolean;
  readonly limit: number;
}

export function addClientsVerb(verb: Command, take: (asked: ClientsAsked, json: boolean | undefined) => void): void {
  verb
    .option('--host <id>', 'of this host')
    .option('--edge <name>', 'of this edge, as stream-0')
    .option('--stream <name>', 'of this stream: /app/stream, vhost/app/stream')
    .option('--address <address>', 'this client, or those of a prefix, as 203.0.113.0/24')
    .addOption(new Option('--protocol <name>', 'that came so').choices(['rtmp', 'http']))
    .option(
      '--limit <n>',
      'those that are there the longest, so many',
      wholeNumber({ min: 1, max: MAX_CLIENTS }),
      DEFAULT_CLIENTS,
    )
    .action((o: Options) => {
      take({ verb: 'clients', filters: givenFilters(FILTERS, o), limit: o.limit }, o.json);
    });
}

export function addKickVerb(verb: Command, take: (asked: KickAsked, json: boolean | undefined) => void): void {
  verb
    .argument('<id>', 'of the client, as clients shows it', sessionId)
    .option('--host <id>', 'asks this host alone')
    .option('--why <text>', "stands in the master's own log")
    .action((session: string, o: { json?: boolean; host?: string; why?: string }) => {
      take({ verb: 'kick', session, host: o.host, why: o.why }, o.json);
    });
}

function sessionId(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text)) throw new InvalidArgumentError('It wants an ID as clients shows it.');
  return text;
}
