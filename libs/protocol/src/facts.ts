import { z } from 'zod';
import { MAX_EDGES_PER_HOST } from './farm-spec.js';
import { address, text } from './fields.js';
import { ConfName, EngineName, Epoch, Generation, Labels } from './ids.js';
import { MAX_HOST_NAMES } from './limits.js';
import { edgeRef, entry } from './log-entry.js';
import { PublicPorts } from './ports.js';

const processRef = { pid: z.int().min(1) };

/** What happened on a host's pod; the pod numbers these, the worker ships them (pod-control.ts). */
export const PodFact = z.discriminatedUnion('type', [
  entry('pod-started', { ...processRef, rtmp: PublicPorts, http: PublicPorts }),
  entry('edge-started', { ...edgeRef, ...processRef, engine: EngineName, attempt: z.int().min(1) }),
  entry('edge-start-failed', { ...edgeRef, code: text, message: text }),
  entry('edge-ready', { ...edgeRef, ...processRef, afterMs: z.int().min(0) }),
  /** `killed`: at once; false: it goes on, and is replaced. A pod that is older than this word does not say it. */
  entry('edge-unhealthy', { ...edgeRef, ...processRef, why: text, killed: z.boolean().optional() }),
  entry('edge-exited', {
    ...edgeRef,
    ...processRef,
    asked: z.boolean(),
    wasReady: z.boolean(),
    code: z.int().nullable(),
    signal: z.string().max(32).nullable(),
    uptimeMs: z.int().min(0),
    stderr: z.array(z.string().max(512)).max(10),
  }),
  entry('edge-gave-up', { ...edgeRef, attempts: z.int().min(1), windowMs: z.int().min(1) }),
  entry('edge-removed', { ...edgeRef }),
  entry('edge-draining', { ...edgeRef, deadlineMs: z.int().min(0), clients: z.int().min(0) }),
  /** `closed`: clients that had not left at the deadline. */
  entry('edge-drained', { ...edgeRef, why: z.enum(['empty', 'deadline']), closed: z.int().min(0) }),
  entry('edge-undrained', { ...edgeRef, clients: z.int().min(0) }),
  /**
   * It was to replace generation `kept`, never became ready, and is given up: `kept` goes on. The same generation: a second
   * process of it (on spare ports), which is not told of by `edge-gave-up`.
   */
  entry('edge-replace-failed', { ...edgeRef, kept: Generation }),
]);
export type PodFact = z.infer<typeof PodFact>;

/** What happened on a host, as its worker reports it. */
export const Fact = z.discriminatedUnion('type', [
  ...PodFact.options,
  entry('host-joined', {
    epoch: Epoch,
    version: text,
    rtmp: PublicPorts,
    http: PublicPorts,
    /** Where clients and the other hosts reach it. */
    address: address.optional(),
    labels: Labels.optional(),
    /** Stream edges that it takes; absent: what the ports allow. */
    capacity: z.int().min(0).max(MAX_EDGES_PER_HOST).optional(),
    /** The names that its worker's own configuration maps to paths. */
    engines: z.array(EngineName).max(MAX_HOST_NAMES).optional(),
    confs: z.array(ConfName).max(MAX_HOST_NAMES).optional(),
  }),
  entry('host-left', { why: text }),
  entry('pod-exited', { code: z.int().nullable(), signal: z.string().max(32).nullable() }),
  entry('command-refused', { commandId: text, code: text, message: text }),
  entry('happenings-lost', { from: z.int().min(1), to: z.int().min(1) }),
]);
export type Fact = z.infer<typeof Fact>;
