import { z } from 'zod';
import { FarmSpec } from './farm-spec.js';
import { EngineName, Epoch, FarmId, FarmName, Generation, HostId, Role, Sequence, Slot, Term } from './ids.js';
import { EdgePorts, Port } from './ports.js';

/**
 * The three kinds of log entry. Every entry has an id; `causationId` names the entry or command that it follows from,
 * `correlationId` the operator event at the far end.
 */
const EntryMeta = z.object({
  id: z.string().min(1).max(128),
  causationId: z.string().min(1).max(128).optional(),
  correlationId: z.string().min(1).max(128).optional(),
});
const text = z.string().max(1024);
const edgeRef = { role: Role, slot: Slot, generation: Generation };

const entry = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  EntryMeta.extend({ type: z.literal(type), ...shape });

/** What was asked, with who and why. */
export const OperatorEvent = z.discriminatedUnion('type', [
  entry('farm-created', { farm: FarmName, farmId: FarmId, who: text }),
  entry('farm-applied', { specVersion: z.int().min(1), spec: FarmSpec, who: text, why: text.optional() }),
]);
export type OperatorEvent = z.infer<typeof OperatorEvent>;

/** What the leader decided. */
export const Decision = z.discriminatedUnion('type', [
  entry('leader-elected', { term: Term, master: text }),
  entry('edge-assigned', {
    host: HostId,
    ...edgeRef,
    engine: EngineName,
    ports: EdgePorts,
    origins: z.array(z.string()),
  }),
  entry('edge-released', { host: HostId, ...edgeRef, why: text }),
  entry('host-unmanaged', { host: HostId, silentMs: z.int().min(0) }),
  entry('host-lost', { host: HostId, silentMs: z.int().min(0) }),
  entry('host-returned', { host: HostId }),
  entry('placement-short', { asked: z.int(), placed: z.int(), why: text }),
]);
export type Decision = z.infer<typeof Decision>;

const processRef = { pid: z.int().min(1) };

/** What happened on a host's pod; the pod numbers these, the worker ships them (pod-control.ts). */
export const PodFact = z.discriminatedUnion('type', [
  entry('pod-started', { ...processRef, rtmp: z.array(Port), http: z.array(Port) }),
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
  entry('host-joined', { epoch: Epoch, version: text, rtmp: z.array(Port), http: z.array(Port) }),
  entry('host-left', { why: text }),
  entry('pod-exited', { code: z.int().nullable(), signal: z.string().max(32).nullable() }),
  entry('command-refused', { commandId: text, code: text, message: text }),
  entry('happenings-lost', { from: z.int().min(1), to: z.int().min(1) }),
]);
export type Fact = z.infer<typeof Fact>;

const EnvelopeMeta = z.object({ v: z.literal(1), farmId: FarmId, at: z.iso.datetime() });

/** One message of `log.operator`: written by any master for an API call. */
export const OperatorEnvelope = EnvelopeMeta.extend({
  kind: z.literal('operator'),
  master: text,
  entries: z.array(OperatorEvent).min(1).max(64),
});
/** One message of `log.decisions`: `basis` is the last sequence that the leader had folded. */
export const DecisionEnvelope = EnvelopeMeta.extend({
  kind: z.literal('decisions'),
  master: text,
  term: Term,
  basis: Sequence,
  entries: z.array(Decision).min(1).max(1024),
});
/** One message of `log.host.<host>`: `upTo` is the number of the last happening that it covers. */
export const FactEnvelope = EnvelopeMeta.extend({
  kind: z.literal('facts'),
  host: HostId,
  epoch: Epoch,
  upTo: z.int().min(0),
  entries: z.array(Fact).min(1).max(1024),
});
export const LogEnvelope = z.discriminatedUnion('kind', [OperatorEnvelope, DecisionEnvelope, FactEnvelope]);
export type OperatorEnvelope = z.infer<typeof OperatorEnvelope>;
export type DecisionEnvelope = z.infer<typeof DecisionEnvelope>;
export type FactEnvelope = z.infer<typeof FactEnvelope>;
export type LogEnvelope = z.infer<typeof LogEnvelope>;
export type LogEntry = OperatorEvent | Decision | Fact;

/** The largest message of the log, in bytes: NATS's default max_payload is 1 MiB. */
export const MAX_ENVELOPE_BYTES = 900 * 1024;
