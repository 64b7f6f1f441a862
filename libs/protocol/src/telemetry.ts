import { z } from 'zod';
import { FarmSpec } from './farm-spec.js';
import { Epoch, FarmId, HostId, Sequence, Term } from './ids.js';
import { EdgeStatus, PodState } from './pod-state.js';

/** `heartbeat.<host>`, every second. `pod` is null while the pod is down. */
export const Heartbeat = z.object({
  farmId: FarmId,
  host: HostId,
  epoch: Epoch,
  at: z.iso.datetime(),
  address: z.string(),
  upTo: z.int().min(0),
  pod: PodState.nullable(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** `stats.<host>`, every two seconds: the host's own figures; the edges' are in `edges`. */
export const HostStats = z.object({
  farmId: FarmId,
  host: HostId,
  epoch: Epoch,
  at: z.iso.datetime(),
  cpuPercent: z.number().min(0),
  load1: z.number().min(0),
  memoryBytes: z.number().min(0),
  memoryFreeBytes: z.number().min(0),
  receivedBytes: z.number().min(0),
  sentBytes: z.number().min(0),
  edges: z.array(
    EdgeStatus.pick({ role: true, slot: true, clients: true, kbitPerS: true, cpuPercent: true, rssBytes: true }),
  ),
});
export type HostStats = z.infer<typeof HostStats>;

export const HostLiveness = z.enum(['joining', 'up', 'suspect', 'unmanaged', 'lost']);
export type HostLiveness = z.infer<typeof HostLiveness>;

/** A host as a master shows it. `desired`: stream edges decided for it. */
export const HostView = z.object({
  host: HostId,
  liveness: HostLiveness,
  epoch: z.int().min(0),
  address: z.string(),
  podPid: z.int().nullable(),
  rtmp: z.array(z.int()),
  http: z.array(z.int()),
  desired: z.int().min(0),
  ready: z.int().min(0),
  clients: z.int().min(0),
  kbitPerS: z.number(),
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  memoryFreeBytes: z.number(),
  /** Milliseconds since its last heartbeat; null: none seen by this master. */
  heardMsAgo: z.number().nullable(),
});
export type HostView = z.infer<typeof HostView>;

/** An edge as a master shows it: decided, reported, or both. `unknown`: reported, but not in the log. */
export const EdgeView = EdgeStatus.omit({ state: true }).extend({
  host: HostId,
  state: z.enum([...EdgeStatus.shape.state.options, 'assigned', 'unknown']),
  /** Where its private API answers, for the CLI: `http://127.0.0.1:33332`. */
  api: z.string(),
  /** Why its host refused it last, while it is assigned and not there; only the leader knows. */
  refusal: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type EdgeView = z.infer<typeof EdgeView>;

export const FarmTotals = z.object({
  hosts: z.int(),
  hostsUp: z.int(),
  desired: z.int(),
  ready: z.int(),
  clients: z.int(),
  kbitPerS: z.number(),
});

/** The aggregate: subject `farm`, and `GET /api/v1/farm`. */
export const FarmView = z.object({
  farm: z.string(),
  farmId: FarmId.nullable(),
  version: z.string(),
  at: z.iso.datetime(),
  /** The log sequence that this view reflects. */
  sequence: Sequence,
  specVersion: z.int().min(0),
  spec: FarmSpec.nullable(),
  /** The leader as the log names it; null before the first. */
  leader: z.object({ master: z.string(), term: Term }).nullable(),
  /**
   * The master that answers, and what it is. `read-only`: it shows, but may not lead, for the reason in `problem`: an
   * entry that it cannot decode, a log that is gone or another farm's.
   */
  master: z.object({
    id: z.string(),
    state: z.enum(['starting', 'follower', 'candidate', 'leader', 'read-only']),
    problem: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
  /** False while the bus is away: what follows is then as old as `at` of the hosts says. */
  connected: z.boolean(),
  /** Nothing is left to be done for the newest spec. */
  settled: z.boolean(),
  hosts: z.array(HostView),
  edges: z.array(EdgeView),
  totals: FarmTotals,
});
export type FarmView = z.infer<typeof FarmView>;
