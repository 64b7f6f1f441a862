import { loadConfig } from '@dolphin/runtime';
import { z } from 'zod';
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
  freezeAfterMs: z
    .int()
    .max(600_000)
    // A healthy edge may be heard only once a second; half of the time makes a suspect.
    .refine((ms) => ms === 0 || ms >= 3000, { error: 'is 0 (off) or at least 3000' })
    .default(3000),
  openFiles: z.int().min(256).optional(),
  cpus: z.array(z.int().min(0)).min(1).max(1024).optional(),
});

/** conf/pod.yaml and DOLPHIN_POD_*: how a pod treats its edges and its clients; each field is documented in the file. */
export const PodConfig = z.strictObject({
  restarts: Restarts.prefault({}),
  logs: Logs.prefault({}),
  supervise: Supervise.prefault({}),
});
export type PodConfig = z.infer<typeof PodConfig>;

/** Throws ConfigError. */
export function loadPodConfig(file: string | undefined, env: NodeJS.ProcessEnv): PodConfig {
  return loadConfig({ schema: PodConfig, file, envPrefix: 'DOLPHIN_POD_', env, flags: {} });
}

/** How logs are rotated, as process/log-file.ts wants it. */
export function logRotation({ logs }: PodConfig): { maxBytes: number; maxAgeMs: number; keep: number } {
  return { maxBytes: logs.maxBytes, maxAgeMs: logs.maxAgeHours * HOUR_MS, keep: logs.keep };
}
