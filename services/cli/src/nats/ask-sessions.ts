import { connectBus, requestHost } from '@dolphin/eventlog';
import {
  type Ask,
  AskReply,
  DolphinError,
  type LiveSessionFilter,
  type LiveSessionsAnswer,
  MAX_TELEMETRY_BYTES,
  oldestSessions,
  type SessionPage,
  subjectsOf,
} from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import type { BusPlace } from '../files/find-farm.js';
import { hearHeartbeats } from './hear-heartbeats.js';
import { readJson } from './read-json.js';

/** A pod asks its edges for the bytes of a thousand clients. */
const ASK_TIMEOUT_MS = 2_000;
/** Hosts that are asked at a time: each answers with up to 256 KiB. */
const PARALLEL = 32;
/** A reason as an answer holds it. */
const MAX_WHY_CHARS = 1_024;

export interface SessionsQuery {
  /** Undefined: all that are heard. */
  readonly host: string | undefined;
  readonly filter: LiveSessionFilter;
  readonly limit: number;
}

/** Who is there, asked of the hosts' workers over NATS, as a master does. Throws E_BUS_UNAVAILABLE. */
export async function askSessions(
  { url, farm, credentials }: BusPlace,
  query: SessionsQuery,
): Promise<LiveSessionsAnswer> {
  const bus = await connectBus(url, { name: 'cli', credentials, logger: silentLogger(), waitForFirst: false });
  const { host: only, filter, limit } = query;
  const question: Ask = { what: 'sessions', ...filter, limit };
  const pages = new Map<string, SessionPage>();
  const unheard: LiveSessionsAnswer['unheard'] = [];
  const askHost = async (host: string) => {
    const subject = subjectsOf(farm).ask(host);
    const asked = { farm, host, subject, body: JSON.stringify(question), timeoutMs: ASK_TIMEOUT_MS };
    try {
      const reply = readJson(AskReply, (await requestHost(bus, asked)).data, MAX_TELEMETRY_BYTES);
      if (reply?.what === 'sessions') pages.set(host, reply);
      else
        unheard.push({
          host,
          why: reply?.what === 'refused' ? reply.message.slice(0, MAX_WHY_CHARS) : 'no answer to that',
        });
    } catch (error) {
      unheard.push({ host, why: (error instanceof Error ? error.message : String(error)).slice(0, MAX_WHY_CHARS) });
    }
  };
  try {
    const heard =
      only === undefined ? (await hearHeartbeats(bus, farm)).map(({ heartbeat }) => heartbeat.host) : [only];
    if (heard.length === 0) {
      const why = 'no host is heard';
      throw new DolphinError('E_UNREACHABLE', { what: `every worker of farm ${farm}`, address: url, why });
    }
    const left = heard.values();
    const asker = async () => {
      for (const host of left) await askHost(host);
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, heard.length) }, asker));
  } finally {
    await bus.close();
  }
  const total = [...pages.values()].reduce((sum, page) => sum + page.total, 0);
  return { total, sessions: oldestSessions(pages, limit), unheard };
}
