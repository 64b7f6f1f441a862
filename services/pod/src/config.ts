import { loadConfig } from '@dolphin/runtime';
import { z } from 'zod';
import { parsePrefix } from './domain/ip-prefix.js';
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
});
export type PodConfig = z.infer<typeof PodConfig>;

/** Throws ConfigError. */
export function loadPodConfig(file: string | undefined, env: NodeJS.ProcessEnv): PodConfig {
  return loadConfig({ schema: PodConfig, file, envPrefix: 'DOLPHIN_POD_', env, flags: {} });
}
