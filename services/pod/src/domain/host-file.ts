import { DrainDeadlineMs, EdgeDefinition, EdgeKey, FarmId, Generation, HostId, Sequence } from '@dolphin/protocol';
import { z } from 'zod';

/**
 * RUN_DIR/host.json: what this host was told to run. Written before a command is accepted, so that a pod that died
 * starts the same edges again without anybody's help, and never obeys an older order than it did before.
 */
export const SlotRecord = EdgeKey.extend({
  generation: Generation,
  /** The (term, sequence) of the command last accepted for this slot. */
  term: z.int().min(0),
  sequence: Sequence,
  /** Null: this generation was killed; what is wanted again comes as a higher one. */
  wanted: EdgeDefinition.nullable(),
  /** It is to be emptied: a pod that dies meanwhile took the clients with it, and does not start the edge again. */
  drain: z.object({ deadlineMs: DrainDeadlineMs }).optional(),
  /** The entry or command that it rests on, and the operator event at the far end. */
  causationId: z.string().max(128).optional(),
  correlationId: z.string().max(128).optional(),
});
export type SlotRecord = z.infer<typeof SlotRecord>;

export const HostFile = z.object({
  v: z.literal(1),
  host: HostId,
  farmId: FarmId.nullable(),
  term: z.int().min(0),
  /** At most two roles with 1,000 slots each. */
  slots: z.array(SlotRecord).max(2000),
});
export type HostFile = z.infer<typeof HostFile>;

export const MAX_HOST_FILE_BYTES = 4 * 1024 * 1024;

export function newHostFile(host: string): HostFile {
  return { v: 1, host, farmId: null, term: 0, slots: [] };
}

export function findSlot(file: HostFile, key: EdgeKey): SlotRecord | undefined {
  return file.slots.find((record) => record.role === key.role && record.slot === key.slot);
}

/** The same file with this record in place of the slot's old one. */
export function withSlot(file: HostFile, record: SlotRecord): HostFile {
  const others = file.slots.filter((other) => other.role !== record.role || other.slot !== record.slot);
  return { ...file, slots: [...others, record].sort(byPlace) };
}

/** The slot's drain is over: that generation is used up, as after a kill. */
export function withDrained(file: HostFile, { role, slot, generation }: EdgeKey & { generation: number }): HostFile {
  const record = findSlot(file, { role, slot });
  if (record?.drain === undefined || record.generation !== generation) return file;
  const { drain: _, ...kept } = record;
  return withSlot(file, { ...kept, wanted: null });
}

function byPlace(a: EdgeKey, b: EdgeKey): number {
  return a.role === b.role ? a.slot - b.slot : a.role < b.role ? -1 : 1;
}
