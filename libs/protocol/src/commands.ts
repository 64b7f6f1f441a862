import { z } from 'zod';
import { ConfRef, DrainDeadlineMs } from './farm-spec.js';
import { address, Problem } from './fields.js';
import { EngineName, Epoch, FarmId, Generation, HostId, Role, Sequence, Slot, Term } from './ids.js';
import { MAX_ORIGINS, MAX_REMARK_CHARS } from './limits.js';
import { PodState } from './pod-state.js';
import { EdgePorts } from './ports.js';

/** All that a pod must know to run an edge. */
export const EdgeDefinition = z.object({
  role: Role,
  slot: Slot,
  generation: Generation,
  engine: EngineName,
  /** Absent: the pod's default. */
  conf: ConfRef.optional(),
  ports: EdgePorts,
  /**
   * `host:port`, tried in turn. Stream edges of a host with a back source pull from that: 127.0.0.1 then stands for the
   * host's private address.
   */
  origins: z.array(address).min(1).max(MAX_ORIGINS),
});
export type EdgeDefinition = z.infer<typeof EdgeDefinition>;

export const CommandBody = z.discriminatedUnion('type', [
  /** Asks for the host's full state and makes it refuse lower terms from now on. `problem`: why nothing is placed there. */
  z.object({ type: z.literal('adopt'), problem: Problem.optional() }),
  z.object({ type: z.literal('spawn'), edge: EdgeDefinition }),
  /** No new clients, then SIGTERM, then SIGKILL after the pod's stop deadline. */
  z.object({ type: z.literal('kill'), role: Role, slot: Slot, generation: Generation }),
  /** No new clients; SIGTERM when the last one left, or when those left at the deadline were closed. For good. */
  z.object({
    type: z.literal('drain'),
    role: Role,
    slot: Slot,
    generation: Generation,
    deadlineMs: DrainDeadlineMs,
  }),
  /** Takes a drain back, as long as its edge was not asked to end. */
  z.object({ type: z.literal('undrain'), role: Role, slot: Slot, generation: Generation }),
  /**
   * The slot's definition again, as `generation`, which is above the one that is there: that drains for `drainMs` first (0, and
   * a back source: it is stopped), and the new one starts on the same ports.
   */
  z.object({
    type: z.literal('restart'),
    role: Role,
    slot: Slot,
    generation: Generation,
    drainMs: DrainDeadlineMs,
  }),
]);
export type CommandBody = z.infer<typeof CommandBody>;
/** Commands that are going to be: refused with E_NOT_YET, so that they are not taken for garbage. */
export const LATER_COMMANDS: readonly string[] = ['reload', 'set-proxy'];

/** An instruction of the leader to one worker. Per edge the highest (term, sequence) wins; a lower one is refused. */
export const Command = z.object({
  id: z.string().min(1).max(128),
  farmId: FarmId,
  host: HostId,
  /** 0: whichever life of the worker reads it (adopt, before the first heartbeat was seen). */
  epoch: z.union([Epoch, z.literal(0)]),
  term: Term,
  /** The log sequence of the decision that it follows from; 0 for adopt. */
  sequence: Sequence,
  /** The entry that caused it, and the operator event at the far end. */
  causationId: z.string().max(128).optional(),
  correlationId: z.string().max(128).optional(),
  body: CommandBody,
});
export type Command = z.infer<typeof Command>;
export type CommandOf<Type extends CommandBody['type']> = Command & { body: Extract<CommandBody, { type: Type }> };

/** `accepted`: persisted and handed to the pod; completion is a fact. `already`: it had been accepted before. */
export const CommandReply = z.discriminatedUnion('result', [
  z.object({ result: z.literal('accepted'), already: z.boolean(), state: PodState.optional() }),
  z.object({ result: z.literal('refused'), code: z.string().max(64), message: z.string().max(MAX_REMARK_CHARS) }),
]);
export type CommandReply = z.infer<typeof CommandReply>;

/** Largest command or reply, in bytes. */
export const MAX_COMMAND_BYTES = 256 * 1024;
