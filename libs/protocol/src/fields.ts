import { z } from 'zod';
import {
  MAX_ADDRESS_CHARS,
  MAX_COUNTERS,
  MAX_NAME_CHARS,
  MAX_REMARK_CHARS,
  MAX_REMARKS,
  MAX_TEXT_CHARS,
} from './limits.js';

/** Bounded fields that many messages have. */
export const text = z.string().max(MAX_TEXT_CHARS);
export const shortText = z.string().max(MAX_NAME_CHARS);
export const address = z.string().max(MAX_ADDRESS_CHARS);
export const remarks = z.array(z.string().max(MAX_REMARK_CHARS)).max(MAX_REMARKS);

/** Counts by name, as many names as a reader wants to keep. */
export const counters = z
  .record(z.string().max(MAX_NAME_CHARS), z.int())
  .refine((by) => Object.keys(by).length <= MAX_COUNTERS, `at most ${MAX_COUNTERS} names`);

/** An error as it stands in a view: of the error table. */
export const Problem = z.object({ code: z.string().max(64), message: z.string().max(MAX_REMARK_CHARS) });
export type Problem = z.infer<typeof Problem>;
