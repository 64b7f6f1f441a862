import { z } from 'zod';
import { ConfRef } from './farm-spec.js';
import { address, counters, remarks, shortText, text } from './fields.js';
import { EngineName, Generation, Role, Sequence, Slot } from './ids.js';
import { MAX_EDGE_ROWS, MAX_ORIGINS } from './limits.js';
import { EdgePorts, PublicPorts } from './ports.js';

/** The life of an edge process. `backing-off` waits for its next start, `gave-up` for the leader. */
export const EdgeState = z.enum(['starting', 'ready', 'draining', 'stopping', 'exited', 'backing-off', 'gave-up']);
export type EdgeState = z.infer<typeof EdgeState>;

/** One edge as its pod sees it. Rates are over the last two seconds; counters since the process started. */
export const EdgeStatus = z.object({
  /**
   * Unique among the edges that live: `stream-0`, and `stream-0.b` beside it while one replaces the other. A pod that is
   * older than this word does not say it.
   */
  name: z.string().max(64).optional(),
  role: Role,
  slot: Slot,
  generation: Generation,
  engine: EngineName,
  /** Absent: the pod's default. */
  conf: ConfRef.optional(),
  state: EdgeState,
  pid: z.int().nullable(),
  ports: EdgePorts,
  /** Where its private API answers, when that is not loopback. */
  privateAddress: address.optional(),
  origins: z.array(address).max(MAX_ORIGINS),
  /** The (term, sequence) of the command last accepted for this slot. */
  term: z.int().min(0),
  sequence: Sequence,
  /** Clients reach it by hand-off or by relay; a back source has none of its own. */
  transport: z.enum(['hand-off', 'relay', 'none']),
  clients: z.int().min(0),
  /** Gets no clients for so long, because it failed some; absent: it is not ejected. */
  ejectedForMs: z.int().min(1).optional(),
  /** Clients that it did not take, since the pod started, by reason, and how often it was ejected; absent: none. */
  failures: counters.optional(),
  /** What its engine cannot do of what it is for; absent: nothing is known. */
  shortcoming: text.optional(),
  kbitPerS: z.number().min(0),
  sentBytes: z.number().min(0),
  /** Of what it printed, bytes that are in no log, since the pod started; absent: none. */
  logDroppedBytes: z.int().min(1).optional(),
  cpuPercent: z.number().min(0),
  rssBytes: z.number().min(0),
  restarts: z.int().min(0),
  /** While it drains: time left until its clients are closed; `clients` says how many are left. */
  drainLeftMs: z.int().min(0).optional(),
  uptimeMs: z.int().min(0),
});
export type EdgeStatus = z.infer<typeof EdgeStatus>;

/** Answer of `GET /v1/state` on the pod's control socket. */
export const PodState = z.object({
  pid: z.int().min(1),
  version: shortText,
  host: shortText,
  farmId: z.uuid().nullable(),
  /** The highest term that it accepted a command of; 0: none yet. */
  term: z.int().min(0),
  rtmp: PublicPorts,
  http: PublicPorts,
  address,
  /** The number of the newest happening; 0: none yet. */
  lastHappening: z.int().min(0),
  uptimeMs: z.int().min(0),
  clients: z.int().min(0),
  /** Clients refused since start, by reason. */
  refused: counters,
  /** Clients that are being read, before anybody knows where they go; a pod that is older than this word says none. */
  reading: z.int().min(0).default(0),
  /** Ended sessions that were not written down, since start; a pod that is older than this word says none. */
  sessionsLost: z.int().min(0).default(0),
  edges: z.array(EdgeStatus).max(MAX_EDGE_ROWS),
  /** What is known to be wrong with the versions of its engines; a pod that is older than this word says none. */
  warnings: remarks.default([]),
  /** What this host should be set to for its load, each with the command that does it. */
  advice: remarks.default([]),
});
export type PodState = z.infer<typeof PodState>;
