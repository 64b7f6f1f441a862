import type { FarmView } from '@dolphin/protocol';
import type { Complaints, Logger } from '@dolphin/runtime';
import { Redis } from 'ioredis';
import type { ViewSink } from '../app/ports.js';
import { viewKeys, viewRows } from './view-rows.js';

/** A view is written every second: one that Redis takes longer for is worth nothing any more. */
const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RETRY_DELAY_MS = 2_000;
/** One sample in two seconds: twelve hours. */
const MAX_SAMPLES = 21_600;
const SAMPLE_EVERY_MS = 2_000;

/**
 * Replaces the view in one step, unless a master with a higher term wrote there. KEYS: farm, hosts, edges, stats, each in
 * full. ARGV: term, JSON of the rows, '1' to add a sample, most samples.
 */
const WRITE = `
local seen = tonumber(redis.call('HGET', KEYS[1], 'term') or '0')
if seen > tonumber(ARGV[1]) then return 0 end
local rows = cjson.decode(ARGV[2])
redis.call('HSET', KEYS[1], unpack(rows.farm))
for index, part in ipairs({ rows.hosts, rows.edges }) do
  local set = KEYS[index + 1]
  local wanted = {}
  for _, row in ipairs(part) do
    wanted[row.name] = true
    redis.call('SADD', set, row.name)
    redis.call('DEL', row.key)
    redis.call('HSET', row.key, unpack(row.fields))
  end
  for _, name in ipairs(redis.call('SMEMBERS', set)) do
    if not wanted[name] then
      redis.call('SREM', set, name)
      redis.call('DEL', rows.prefixes[index] .. name)
    end
  end
end
if ARGV[3] == '1' then redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', unpack(rows.sample)) end
return 1
`;

/** The farm in Redis, for consoles and scripts (docs/reference/redis.md). Absent or empty, it costs history only. */
export class RedisView implements ViewSink {
  readonly #redis: Redis;
  readonly #complaints: Complaints;
  #sampledAt = Number.NEGATIVE_INFINITY;

  constructor(url: string, logger: Logger, complaints: Complaints) {
    this.#complaints = complaints;
    this.#redis = new Redis(url, {
      // What cannot be written now is not kept: the next view is newer.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RETRY_DELAY_MS),
    });
    this.#redis.on('ready', () => logger.info('connected to Redis'));
    this.#redis.on('error', (error: Error) => this.#complaints.about('Redis is away', { why: error.message }));
  }

  async write(view: FarmView): Promise<void> {
    if (this.#redis.status !== 'ready' || !view.leader) return;
    const now = performance.now();
    const isSampled = now - this.#sampledAt >= SAMPLE_EVERY_MS;
    const keys = viewKeys(view.farm);
    const rows = JSON.stringify(viewRows(view));
    const { term } = view.leader;
    try {
      const written = await this.#redis.eval(
        WRITE,
        4,
        ...[keys.farm, keys.hosts, keys.edges, keys.stats],
        ...[String(term), rows, isSampled ? '1' : '0', String(MAX_SAMPLES)],
      );
      if (written === 0) this.#complaints.about('a master with a higher term writes to Redis', { term });
      else if (isSampled) this.#sampledAt = now;
    } catch (error) {
      this.#complaints.about('the view was not written to Redis', { why: error instanceof Error ? error.message : '' });
    }
  }

  close(): void {
    this.#redis.disconnect();
  }
}
