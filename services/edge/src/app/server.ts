import type { ByteAccount } from '@dolphin/media';
import { randomId } from '../domain/random-id.js';
import type { EdgeSettings } from '../domain/settings.js';
import type { Clients } from './clients.js';
import type { HttpRoute } from './http-routes.js';
import type { Log, Timers } from './ports.js';
import type { Streams } from './streams.js';

/**
 * Unfinished messages of all connections; beyond that each connection that holds more than FAIR_PARTIAL_BYTES is closed.
 * 1,000 publishers in the middle of a key frame of 100 KB hold 100 MB.
 */
export const TOTAL_UNFINISHED_BYTES = 256 * 1024 * 1024;

/** Counters of what went wrong for clients since start; a line in the log at intervals when they moved. */
export interface TroubleCounts {
  slowClosed: number;
  jumps: number;
  badInput: number;
  timeouts: number;
  refused: number;
}

/** What every connection needs: made once, by main. */
export interface ServerContext {
  readonly settings: EdgeSettings;
  readonly streams: Streams;
  readonly clients: Clients;
  /** Of unfinished messages. */
  readonly unfinished: ByteAccount;
  readonly timers: Timers;
  readonly log: Log;
  readonly random: () => number;
  readonly trouble: TroubleCounts;
  /** Who serves an HTTP request: the first that knows its path. */
  readonly httpRoutes: readonly HttpRoute[];
  /** Ids of vhosts in the API: random, as in SRS. */
  readonly vhostIds: ReadonlyMap<string, string>;
}

export function newClientId(context: ServerContext): string {
  return randomId(8, context.random);
}
