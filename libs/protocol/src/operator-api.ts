import { z } from 'zod';
import { DrainDeadlineMs, FarmSpec, KeptFarmSpec } from './farm-spec.js';
import { text } from './fields.js';
import { HostId, Role, Slot } from './ids.js';
import { MAX_FARM_EDGE_ROWS } from './limits.js';

/**
 * The calls that steer a farm, of the master's HTTP API (global-api.ts). Each is told who asks and why; both stand in
 * the log.
 *
 *   POST   /api/v1/plan             PlanRequest → PlanAnswer: what an apply of this spec would do now
 *   POST   /api/v1/rollback         RollbackRequest, If-Match → ApplyAnswer
 *   GET    /api/v1/history          → SpecHistory, newest first
 *   POST   /api/v1/hosts/{h}/cordon | uncordon | undrain   OperatorRequest → OperatorAnswer
 *   POST   /api/v1/hosts/{h}/drain  DrainRequest → OperatorAnswer
 *   DELETE /api/v1/hosts/{h}        OperatorRequest → OperatorAnswer
 *   POST   /api/v1/edges/{h}/{edge}/kill | undrain         OperatorRequest → OperatorAnswer
 *   POST   /api/v1/edges/{h}/{edge}/drain | restart        DrainRequest → OperatorAnswer
 */
const asked = { who: text.default('unknown'), why: text.optional() };

export const OperatorRequest = z.strictObject(asked);
export type OperatorRequest = z.infer<typeof OperatorRequest>;
/** `deadlineMs` absent: the farm's drainDeadlineMs, or five minutes. */
export const DrainRequest = z.strictObject({ ...asked, deadlineMs: DrainDeadlineMs.optional() });
export type DrainRequest = z.infer<typeof DrainRequest>;
/** `changed: false`: it was so already, and nothing was written; `sequence` is where that stands. */
export const OperatorAnswer = z.object({ changed: z.boolean(), sequence: z.int().min(0) });
export type OperatorAnswer = z.infer<typeof OperatorAnswer>;

export const RollbackRequest = z.strictObject({ to: z.int().min(1), ...asked });
export type RollbackRequest = z.infer<typeof RollbackRequest>;

export const PlanRequest = z.strictObject({ spec: FarmSpec });
export type PlanRequest = z.infer<typeof PlanRequest>;
/** One field of the spec that would be another; null: absent. */
export const SpecDifference = z.object({ field: text, from: z.unknown(), to: z.unknown() });
export type SpecDifference = z.infer<typeof SpecDifference>;
/** What becomes of one edge. `update`: changed in its turn, as the update policy has it. */
export const PlannedStep = z.object({
  action: z.enum(['assign', 'release', 'update']),
  host: HostId,
  role: Role,
  slot: Slot,
  why: text,
});
export type PlannedStep = z.infer<typeof PlannedStep>;
/** `specVersion`: the one that it was compared with. */
export const PlanAnswer = z.object({
  specVersion: z.int().min(0),
  differences: z.array(SpecDifference).max(64),
  steps: z.array(PlannedStep).max(MAX_FARM_EDGE_ROWS),
});
export type PlanAnswer = z.infer<typeof PlanAnswer>;

/** Versions in one answer of history; the log holds them all. */
export const MAX_SPEC_VERSIONS = 1_000;
export const SpecVersion = z.object({
  version: z.int().min(1),
  sequence: z.int().min(1),
  /** The server's stored time. */
  at: z.iso.datetime(),
  who: text,
  why: text.optional(),
  rollbackOf: z.int().min(1).optional(),
  spec: KeptFarmSpec,
});
export type SpecVersion = z.infer<typeof SpecVersion>;
export const SpecHistory = z.object({ versions: z.array(SpecVersion).max(MAX_SPEC_VERSIONS) });
export type SpecHistory = z.infer<typeof SpecHistory>;
