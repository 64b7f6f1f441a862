import { DrainDeadlineMs, Port } from '@dolphin/protocol';
import { loadConfig } from '@dolphin/runtime';
import { z } from 'zod';
import { parsePrefix } from './domain/ip-prefix.js';
import { CheckedLimits } from './domain/limits-schema.js';
import { DEFAULT_RESTART_POLICY } from './domain/restart-policy.js';
import { spareClashes, type TakenPort } from './domain/spare-ports.js';

const Restarts = z.strictObject({
  maxAttempts: z
    .int()
    .min(1)
    .max(1000)
    .default(DEFAULT_RESTART_POLICY.maxAttempts ?? 10),
  windowMs: z.int().min(1000).default(DEFAULT_RESTART_POLICY.windowMs),
  baseMs: z.int().min(1).default(DEFAULT_RESTART_POLICY.baseMs),
  maxDelayMs: z.int().min(1).default(DEFAULT_RESTART_POLICY.maxDelayMs),
});

/** 200 each 250 ms are 800 a second: an edge takes 1,300-2,600 a second of those that come back. */
const Drain = z.strictObject({
  batchClients: z.int().min(1).max(10_000).default(200),
  batchEveryMs: z.int().min(10).max(60_000).default(250),
  deadlineMs: DrainDeadlineMs.default(300_000),
  stopDeadlineMs: DrainDeadlineMs.default(0),
});

const MAX_SPARE_EDGES = 16;
const SparePortRanges = z
  .strictObject({ rtmp: Port, http: Port, api: Port, count: z.int().min(1).max(MAX_SPARE_EDGES) })
  .refine(({ count, ...first }) => {
    const bases = Object.values(first).sort((a, b) => a - b);
    return bases.every((base, index) => base + count <= (bases[index + 1] ?? 65_536));
  }, 'the ranges overlap, or pass port 65535');

const HOUR_MS = 3_600_000;

const Logs = z.strictObject({
  maxBytes: z
    .int()
    .min(64 * 1024)
    .default(8 * 1024 * 1024),
  maxAgeHours: z.number().positive().max(87_600).default(168),
  keep: z.int().min(0).max(100).default(1),
});

const Supervise = z.strictObject({
  maxRssMb: z.int().min(0).max(1_000_000).default(0),
  freezeAfterMs: z
    .int()
    .max(600_000)
    // A healthy edge may be heard only once a second; half of the time makes a suspect.
    .refine((ms) => ms === 0 || ms >= 3000, { error: 'is 0 (off) or at least 3000' })
    .default(3000),
  openFiles: z.int().min(256).optional(),
  cpus: z.array(z.int().min(0)).min(1).max(1024).optional(),
});

/** Nobody is asked who he is there: loopback only. */
const LoopbackAddress = z
  .string()
  .regex(/^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]):\d{1,5}$/, 'is HOST:PORT with a loopback address')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  })
  .refine(({ port }) => Port.safeParse(port).success, 'has no such port');
const Ejection = z.strictObject({
  failures: z.int().min(1).max(1000).default(5),
  baseMs: z.int().min(100).max(600_000).default(1000),
  maxMs: z.int().min(100).max(3_600_000).default(60_000),
});

const Balance = z.strictObject({
  weights: z
    .record(z.string().regex(/^stream-\d{1,3}$/, 'edges are named stream-0, stream-1 …'), z.number().min(0.01).max(100))
    .default({}),
  slowStartMs: z.int().min(0).max(600_000).default(5000),
  httpByStream: z.enum(['off', 'on']).default('off'),
  loadFactor: z.number().min(1).max(100).default(1.25),
  hotFromClients: z.int().min(1).max(100_000).default(32),
  ejection: Ejection.prefault({}),
});

const Prefix = z.string().transform((text, context) => {
  const prefix = parsePrefix(text);
  if (prefix !== null) return prefix;
  context.addIssue({ code: 'custom', message: `${text} is no address and no block like 10.0.0.0/8` });
  return z.NEVER;
});

const ProxyProtocol = z.strictObject({ from: z.array(Prefix).max(256).default([]) });

/** conf/pod.yaml and DOLPHIN_POD_*: how a pod treats its edges and its clients; each field is documented in the file. */
export const PodConfig = z.strictObject({
  restarts: Restarts.prefault({}),
  balance: Balance.prefault({}),
  proxyProtocol: ProxyProtocol.prefault({}),
  limits: CheckedLimits.prefault({}),
  drain: Drain.prefault({}),
  sparePorts: SparePortRanges.optional(),
  logs: Logs.prefault({}),
  supervise: Supervise.prefault({}),
  metrics: z.strictObject({ listen: LoopbackAddress.nullable().default(null) }).prefault({}),
});
export type PodConfig = z.infer<typeof PodConfig>;

/** `taken`: ports that are no spare ones, because the command line gives them to others. Throws ConfigError. */
export function loadPodConfig(
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  taken: readonly TakenPort[] = [],
): PodConfig {
  const schema = PodConfig.superRefine(({ sparePorts, metrics }, context) => {
    if (sparePorts === undefined) return;
    const own = metrics.listen === null ? [] : [{ port: metrics.listen.port, by: 'that of metrics.listen' }];
    for (const { field, port, by } of spareClashes(sparePorts, [...taken, ...own])) {
      context.addIssue({ code: 'custom', path: ['sparePorts', field], message: `port ${port} is ${by}` });
    }
  });
  return loadConfig({ schema, file, envPrefix: 'DOLPHIN_POD_', env, flags: {} });
}

/** How logs are rotated, as process/log-file.ts wants it. */
export function logRotation({ logs }: PodConfig): { maxBytes: number; maxAgeMs: number; keep: number } {
  return { maxBytes: logs.maxBytes, maxAgeMs: logs.maxAgeHours * HOUR_MS, keep: logs.keep };
}
