import { z } from 'zod';
import { address, Problem } from './fields.js';
import { LiveSessionFilter } from './live-sessions.js';
import { MAX_SESSION_PAGE, SessionPage } from './pod-sessions.js';
import { Port } from './ports.js';
import { Heartbeat } from './telemetry.js';

/** `ask.<host>`: what a worker is asked without a leader, by a CLI when no master answers, or by a master about its net. */
export const Ask = z.discriminatedUnion('what', [
  z.object({ what: z.literal('state') }),
  /** Does anybody accept there, as seen from this host? */
  z.object({ what: z.literal('dial'), address, port: Port }),
  /** Which clients are there? The oldest `limit`, as far as they fit in an answer. */
  LiveSessionFilter.extend({ what: z.literal('sessions'), limit: z.int().min(1).max(MAX_SESSION_PAGE) }),
]);
export type Ask = z.infer<typeof Ask>;

export const AskReply = z.discriminatedUnion('what', [
  /** The newest heartbeat; null: it has not joined. */
  z.object({ what: z.literal('state'), heartbeat: Heartbeat.nullable() }),
  z.object({ what: z.literal('dial'), accepts: z.boolean() }),
  SessionPage.extend({ what: z.literal('sessions') }),
  /** It cannot be answered: E_BAD_REQUEST, E_LIMITED, E_NOT_YET, E_POD_DOWN. */
  z.object({ what: z.literal('refused'), ...Problem.shape }),
]);
export type AskReply = z.infer<typeof AskReply>;

/** The largest question, in bytes. */
export const MAX_ASK_BYTES = 4 * 1024;
