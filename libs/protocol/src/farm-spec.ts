import { z } from 'zod';
import { EngineName } from './ids.js';
import { PortPlan } from './ports.js';

/** `host:port` of an RTMP origin. */
export const OriginAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,253}):\d{1,5}$/, 'an origin is host:port');

export const MAX_EDGES_PER_HOST = 64;

/** How many stream edges: the same number on every host, or a total spread over the hosts. */
export const EdgeCount = z.union(
  [
    z.strictObject({ perHost: z.int().min(0).max(MAX_EDGES_PER_HOST) }),
    z.strictObject({
      total: z
        .int()
        .min(0)
        .max(MAX_EDGES_PER_HOST * 100),
    }),
  ],
  { error: 'wants perHost or total, a number of stream edges' },
);

/** What is asked of the farm: the body of `apply`. Unknown fields are refused here, where a person wrote them. */
export const FarmSpec = z.strictObject({
  edges: EdgeCount,
  engine: EngineName.default('builtin'),
  origins: z.array(OriginAddress).min(1).max(16),
  ports: PortPlan.strict().prefault({}),
});
export type FarmSpec = z.infer<typeof FarmSpec>;
