import { z } from 'zod';
import { ConfName, EngineName, Labels } from './ids.js';
import { MAX_ORIGINS } from './limits.js';
import { PortPlan } from './ports.js';

/** `host:port` of an RTMP origin. */
export const OriginAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,253}):\d{1,5}$/, 'an origin is host:port');
export const Origins = z.array(OriginAddress).min(1).max(MAX_ORIGINS);

export const MAX_EDGES_PER_HOST = 64;

/** How long a drain may wait for clients to leave by themselves: a day, the longest stream one would wait for. */
export const DrainDeadlineMs = z
  .int()
  .min(0)
  .max(24 * 3_600_000);

/** A conf by its name in the workers' own configuration. Edges are rolled when the revision of it changes. */
export const ConfRef = z.object({ name: ConfName, revision: z.int().min(1) });
export type ConfRef = z.infer<typeof ConfRef>;

const perHost = z.int().min(0).max(MAX_EDGES_PER_HOST);
const total = z
  .int()
  .min(0)
  .max(MAX_EDGES_PER_HOST * 100);

/** How edges are changed that run: a few at a time, each watched before the next. */
export const UpdatePolicy = z.object({
  /** Edges of the farm that may be changed at once. */
  maxParallel: z.int().min(1).max(MAX_EDGES_PER_HOST).default(1),
  /** A changed edge has to be ready for so long before the next one is begun. */
  minHealthyMs: z.int().min(0).max(3_600_000).default(5_000),
  /** A changed edge that is not ready by then has failed; the drain of the old one is not counted. */
  deadlineMs: z.int().min(1_000).max(3_600_000).default(600_000),
  /** `stop`: after a failure the rest stays as it is, and the update waits for an operator; `continue`: the rest is changed. */
  onFailure: z.enum(['stop', 'continue']).default('stop'),
  /** No step takes more than this part of the farm's viewers at once; a single edge may always be taken. */
  viewerPercent: z.int().min(1).max(100).default(25),
});
export type UpdatePolicy = z.infer<typeof UpdatePolicy>;

const WISH = { error: 'wants perHost or total, a number of stream edges' };

/** Of each host that has stream edges; absent: 0. One is enough: viewers of HLS ask it for files, and hold no connection. */
const http = z.union([z.literal(0), z.literal(1)], {
  error: 'is 0 or 1: http edges of each host that has stream edges',
});
const where = { on: Labels.optional(), http: http.optional() };

/**
 * How many stream edges: the same number on every host, or a total spread over the hosts. `on`: hosts of these labels; `http`: 1,
 * and each host that has any has an http edge (HLS) as well, which counts neither there nor against a capacity.
 */
export const EdgeCount = z.union([z.strictObject({ perHost, ...where }), z.strictObject({ total, ...where })], WISH);

/** What is asked of the farm: the body of `apply`. Unknown fields are refused here, where a person wrote them. */
export const FarmSpec = z.strictObject({
  edges: EdgeCount,
  engine: EngineName.default('builtin'),
  /** Absent: the conf that each worker has configured for its pod. */
  conf: ConfRef.strict().optional(),
  origins: Origins,
  ports: PortPlan.strict().prefault({}),
  /** Absent: the policy's defaults. */
  update: UpdatePolicy.strict()
    .refine(({ minHealthyMs, deadlineMs }) => minHealthyMs < deadlineMs, {
      error: 'wants minHealthyMs below deadlineMs',
    })
    .optional(),
  /** How long an edge that is to go waits for its clients; absent: five minutes. */
  drainDeadlineMs: DrainDeadlineMs.optional(),
});
export type FarmSpec = z.infer<typeof FarmSpec>;

/** The same as it stands in the log and in a view, where a newer version may have written it: unknown fields pass. */
export const KeptFarmSpec = z.object({
  ...FarmSpec.shape,
  edges: z.union([z.object({ perHost, ...where }), z.object({ total, ...where })], WISH),
  conf: ConfRef.optional(),
  ports: PortPlan.prefault({}),
  update: UpdatePolicy.optional(),
}) satisfies z.ZodType<FarmSpec>;
