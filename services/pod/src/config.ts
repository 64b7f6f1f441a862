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

/** conf/pod.yaml and DOLPHIN_POD_*: how a pod treats its edges and its clients; each field is documented in the file. */
export const PodConfig = z.strictObject({
  restarts: Restarts.prefault({}),
  limits: CheckedLimits.prefault({}),
});
export type PodConfig = z.infer<typeof PodConfig>;

/** Throws ConfigError. */
export function loadPodConfig(file: string | undefined, env: NodeJS.ProcessEnv): PodConfig {
  return loadConfig({ schema: PodConfig, file, envPrefix: 'DOLPHIN_POD_', env, flags: {} });
}
