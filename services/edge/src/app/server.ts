import type { ByteAccount } from '@dolphin/media';
import type { HttpAnswer } from '../domain/http-answer.js';
import { randomId } from '../domain/random-id.js';
import type { EdgeSettings } from '../domain/settings.js';
import type { Admission } from './admission.js';
import type { Beats } from './beats.js';
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
  /** Clients that no hook, or no origin, was asked about: too many were. */
  crowded: number;
  /** Notices to hooks that found no room. */
  hooksDropped: number;
  /** Frames that could not be in a segment of HLS: they were cut off. */
  hlsDropped: number;
  /** Sequence headers of tracks beyond those that are kept for joiners. */
  headersForgotten: number;
}

export function noTrouble(): TroubleCounts {
  const ofClients = { slowClosed: 0, jumps: 0, badInput: 0, timeouts: 0, refused: 0 };
  return { ...ofClients, crowded: 0, hooksDropped: 0, hlsDropped: 0, headersForgotten: 0 };
}

/** What every connection needs: made once, by main. */
export interface ServerContext {
  /** What the conf says now: read when it is needed and never kept, a reload replaces it. */
  readonly settings: EdgeSettings;
  readonly streams: Streams;
  readonly admission: Admission;
  /** As the API and hooks name this life of the process: random. */
  readonly serviceId: string;
  readonly clients: Clients;
  /** Of unfinished messages. */
  readonly unfinished: ByteAccount;
  readonly timers: Timers;
  readonly beats: Beats;
  readonly log: Log;
  readonly random: () => number;
  readonly trouble: TroubleCounts;
  /** Where the API has no port of its own. Set once, by main. */
  sharedApi?: SharedApi;
  /** Who serves an HTTP request: the first that knows its path. */
  readonly httpRoutes: readonly HttpRoute[];
}

/** A call of the API on the port of HTTP-FLV; null: the path is not the API's. */
export type SharedApi = (asked: { method: string; path: string; query: string; host: string }) => HttpAnswer | null;

export function newClientId(context: ServerContext): string {
  return randomId(8, context.random);
}
