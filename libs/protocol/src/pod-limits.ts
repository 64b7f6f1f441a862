import { z } from 'zod';

/** Each is looked at for every client until one means it. */
export const MAX_ACCESS_RULES = 1000;

const Limit = z.int().min(0).max(10_000_000).nullable().default(null);
/** New clients: so many a second, and so many at once after a quiet time. */
const AcceptRate = z
  .strictObject({ perS: z.number().min(0.01).max(1_000_000), burst: z.int().min(1).max(1_000_000) })
  .nullable()
  .default(null);

/** Whom a pod lets in, and how many. Null is no limit. An IPv6 address counts as its /64. */
export const PodLimits = z.strictObject({
  clients: Limit,
  /** At most what the edge's own conf admits. */
  clientsPerEdge: Limit,
  clientsPerAddress: Limit,
  accepts: AcceptRate,
  acceptsPerAddress: AcceptRate,
  /** `allow 10.0.0.0/8`, `deny all`: the first that means the address decides; whom none means is allowed. */
  access: z.array(z.string().max(100)).max(MAX_ACCESS_RULES).default([]),
});
export type PodLimits = z.infer<typeof PodLimits>;

/** `file`: they were set over the control API, and hold until they are taken back there. */
export const LimitsState = z.object({ from: z.enum(['configuration', 'file']), limits: PodLimits });
export type LimitsState = z.infer<typeof LimitsState>;
