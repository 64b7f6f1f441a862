import { z } from 'zod';
import { KeptFarmSpec, MAX_EDGES_PER_HOST } from './farm-spec.js';
import { address, Problem, shortText, text } from './fields.js';
import { Epoch, FarmId, FarmName, HostId, Labels, Sequence, Term } from './ids.js';
import { MAX_EDGE_ROWS, MAX_FARM_EDGE_ROWS, MAX_HOSTS, MAX_REMARKS } from './limits.js';
import { EdgeStatus, PodState } from './pod-state.js';
import { PublicPorts } from './ports.js';

/** The largest heartbeat or stats, in bytes: a host with 64 edges says about 40 KB. */
export const MAX_TELEMETRY_BYTES = 256 * 1024;
/** The largest aggregate, in bytes: below NATS's default max_payload of 1 MiB. */
export const MAX_VIEW_BYTES = 1_000_000;

/** `heartbeat.<host>`, every second. `pod` is null while the pod is down. */
export const Heartbeat = z.object({
  farmId: FarmId,
  host: HostId,
  epoch: Epoch,
  at: z.iso.datetime(),
  address,
  upTo: z.int().min(0),
  pod: PodState.nullable(),
  /** Why its worker takes no commands but adopt: an entry of the log that it cannot decode; absent: it does. */
  readOnly: Problem.optional(),
  /** It was told to leave the farm: it drains, and takes no new edges. */
  leaving: z.boolean().optional(),
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
  edges: z
    .array(EdgeStatus.pick({ role: true, slot: true, clients: true, kbitPerS: true, cpuPercent: true, rssBytes: true }))
    .max(MAX_EDGE_ROWS),
});
export type HostStats = z.infer<typeof HostStats>;

export const HostLiveness = z.enum(['joining', 'up', 'suspect', 'unmanaged', 'lost']);
export type HostLiveness = z.infer<typeof HostLiveness>;

/** A host as a master shows it. `desired`: stream edges decided for it. */
export const HostView = z.object({
  host: HostId,
  liveness: HostLiveness,
  epoch: z.int().min(0),
  address,
  podPid: z.int().nullable(),
  rtmp: PublicPorts,
  http: PublicPorts,
  desired: z.int().min(0),
  ready: z.int().min(0),
  clients: z.int().min(0),
  kbitPerS: z.number(),
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  memoryFreeBytes: z.number(),
  /** Milliseconds since its last heartbeat; null: none seen by this master. */
  heardMsAgo: z.number().nullable(),
  /** Nothing new is placed on it. */
  cordoned: z.boolean().optional(),
  /** It drains; absent: it does not. */
  draining: z
    .object({ deadlineAt: z.iso.datetime(), clientsLeft: z.int().min(0), edgesLeft: z.int().min(0) })
    .optional(),
  leaving: z.boolean().optional(),
  readOnly: Problem.optional(),
  labels: Labels.optional(),
  /** Stream edges that it takes. */
  capacity: z.int().min(0).max(MAX_EDGES_PER_HOST).optional(),
  /** Where its edges' private APIs answer, when that is not `address`. */
  privateAddress: address.optional(),
});
export type HostView = z.infer<typeof HostView>;

/**
 * An edge as a master shows it: decided, reported, or both. `unknown`: reported, but not in the log. `drained`: gone, because
 * an operator drained it; its slot stays empty until it is undrained.
 */
export const EdgeView = EdgeStatus.omit({ state: true }).extend({
  host: HostId,
  state: z.enum([...EdgeStatus.shape.state.options, 'assigned', 'unknown', 'drained']),
  /** Where its private API answers, for the CLI: `http://127.0.0.1:33332`. */
  api: z.string().max(512),
  /** Why its host refused it last, while it is assigned and not there; of a new process in its place, while it is. */
  refusal: Problem.optional(),
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

/** A rolling change: `done` of `edges` have been changed for the spec of this version. */
export const UpdateView = z.object({
  specVersion: z.int().min(1),
  state: z.enum(['running', 'stopped', 'finished']),
  edges: z.int().min(0),
  done: z.int().min(0),
  /** Changed, and not healthy by their deadline: of an update that goes on all the same; absent: none. */
  failed: z.int().min(1).optional(),
  /** Why it stopped. */
  why: text.optional(),
});
export type UpdateView = z.infer<typeof UpdateView>;

/** The aggregate: subject `farm`, and `GET /api/v1/farm`. */
export const FarmView = z.object({
  farm: FarmName,
  farmId: FarmId.nullable(),
  version: shortText,
  at: z.iso.datetime(),
  /** The log sequence that this view reflects. */
  sequence: Sequence,
  specVersion: z.int().min(0),
  spec: KeptFarmSpec.nullable(),
  /** The leader as the log names it; null before the first. */
  leader: z.object({ master: text, term: Term }).nullable(),
  /**
   * The master that answers, and what it is. `read-only`: it shows, but may not lead, for the reason in `problem`: an
   * entry that it cannot decode, a log that is gone or another farm's.
   */
  master: z.object({
    id: text,
    state: z.enum(['starting', 'follower', 'candidate', 'leader', 'read-only']),
    problem: Problem.optional(),
  }),
  /** False while the bus is away: what follows is then as old as `at` of the hosts says. */
  connected: z.boolean(),
  /** Nothing is left to be done for the newest spec. */
  settled: z.boolean(),
  /** The newest rolling change; absent: there was none. */
  update: UpdateView.optional(),
  /** What an operator should know about, as an origin that a host cannot reach; of one host where it is named. */
  problems: z
    .array(Problem.extend({ host: HostId.optional() }))
    .max(MAX_REMARKS)
    .optional(),
  hosts: z.array(HostView).max(MAX_HOSTS),
  edges: z.array(EdgeView).max(MAX_FARM_EDGE_ROWS),
  totals: FarmTotals,
});
export type FarmView = z.infer<typeof FarmView>;
