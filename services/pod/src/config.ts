import { DrainDeadlineMs, Port } from '@dolphin/protocol';
import { loadConfig } from '@dolphin/runtime';
import { z } from 'zod';
import { CheckedLimits } from './domain/limits-schema.js';
import { DEFAULT_RESTART_POLICY } from './domain/restart-policy.js';

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

const Supervise = z.strictObject({
  maxRssMb: z.int().min(0).max(1_000_000).default(0),
});

/** conf/pod.yaml and DOLPHIN_POD_*: how a pod treats its edges and its clients; each field is documented in the file. */
export const PodConfig = z.strictObject({
  restarts: Restarts.prefault({}),
  limits: CheckedLimits.prefault({}),
  drain: Drain.prefault({}),
  sparePorts: SparePortRanges.optional(),
  supervise: Supervise.prefault({}),
});
export type PodConfig = z.infer<typeof PodConfig>;

/** Throws ConfigError. */
export function loadPodConfig(file: string | undefined, env: NodeJS.ProcessEnv): PodConfig {
  return loadConfig({ schema: PodConfig, file, envPrefix: 'DOLPHIN_POD_', env, flags: {} });
}
