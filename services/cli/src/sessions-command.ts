import { SessionEnd } from '@dolphin/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { sinceMs } from './domain/since.js';
import { type FilterOptions, givenFilters } from './given-filters.js';
import { wholeNumber } from './whole-number.js';

export interface SessionsAsked {
  readonly verb: 'sessions';
  /** As the global API takes them. */
  readonly filters: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly limit: number;
}

const DEFAULT_SINCE = '1d';
const DEFAULT_SESSIONS = 100;
const MAX_SESSIONS = 100_000;
const FILTERS = ['host', 'edge', 'stream', 'address', 'end'] as const;

interface Options extends FilterOptions<(typeof FILTERS)[number]> {
  readonly json?: boolean;
  readonly since: string;
  readonly limit: number;
}

export function addSessionsVerb(verb: Command, take: (asked: SessionsAsked, json: boolean | undefined) => void): void {
  verb
    .option('--host <id>', 'of this host')
    .option('--edge <name>', 'of this edge, as stream-0')
    .option('--stream <name>', 'of this stream: /app/stream, vhost/app/stream')
    .option('--address <address>', 'of this client, or of those of a prefix, as 203.0.113.0/24')
    .addOption(new Option('--end <reason>', 'that ended so').choices(SessionEnd.options))
    .addOption(
      new Option('--since <time>', 'that ended since: 90s, 30m, 2h, 7d, or a time as 2026-11-21T10:31:00Z')
        .default(new Date(sinceMs(DEFAULT_SINCE, Date.now()) ?? 0).toISOString(), DEFAULT_SINCE)
        .argParser(sinceTime),
    )
    .option('--limit <n>', 'the newest so many', wholeNumber({ min: 1, max: MAX_SESSIONS }), DEFAULT_SESSIONS)
    .action((o: Options) => {
      take({ verb: 'sessions', filters: givenFilters(FILTERS, o), since: o.since, limit: o.limit }, o.json);
    });
}

function sinceTime(text: string): string {
  const ms = sinceMs(text, Date.now());
  if (ms === null) throw new InvalidArgumentError('It wants an age, as 90s, 30m, 2h or 7d, or a time.');
  return new Date(ms).toISOString();
}
