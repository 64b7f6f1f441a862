import { z } from 'zod';
import { address, Problem } from './fields.js';
import { Port } from './ports.js';
import { Heartbeat } from './telemetry.js';

/** `ask.<host>`: what a worker is asked without a leader, by a CLI when no master answers, or by a master about its net. */
export const Ask = z.discriminatedUnion('what', [
  z.object({ what: z.literal('state') }),
  /** Does anybody accept there, as seen from this host? */
  z.object({ what: z.literal('dial'), address, port: Port }),
]);
export type Ask = z.infer<typeof Ask>;

export const AskReply = z.discriminatedUnion('what', [
  /** The newest heartbeat; null: it has not joined. */
  z.object({ what: z.literal('state'), heartbeat: Heartbeat.nullable() }),
  z.object({ what: z.literal('dial'), accepts: z.boolean() }),
  /** It cannot be answered: E_BAD_REQUEST, E_NOT_YET. */
  z.object({ what: z.literal('refused'), ...Problem.shape }),
]);
export type AskReply = z.infer<typeof AskReply>;

/** The largest question, in bytes. */
export const MAX_ASK_BYTES = 4 * 1024;
