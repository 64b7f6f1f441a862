import { z } from 'zod';
import { Generation, Role, Slot } from './ids.js';

/**
 * What every log entry has: an id; `causationId` names the entry or command that it follows from, `correlationId` the
 * operator event at the far end.
 */
const EntryMeta = z.object({
  id: z.string().min(1).max(128),
  causationId: z.string().min(1).max(128).optional(),
  correlationId: z.string().min(1).max(128).optional(),
});

export const entry = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  EntryMeta.extend({ type: z.literal(type), ...shape });

/** The definition of a slot that an entry is about. */
export const edgeRef = { role: Role, slot: Slot, generation: Generation };
