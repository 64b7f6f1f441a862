import { z } from 'zod';
import { FarmId, HostId, Sequence } from './ids.js';
import { EndedSession } from './pod-sessions.js';

/**
 * A message of the sessions stream: with what is around it some 350 sessions, far below what NATS takes in one message
 * (1 MiB), so that neither a fact behind it nor whoever reads many of them waits for long.
 */
export const MAX_SESSION_BATCH_BYTES = 128 * 1024;

/** The shortest session takes more than a hundred bytes. */
const MAX_BATCH_SESSIONS = 1024;

/**
 * How sessions of one host ended, as its worker ships them: of its pod's numbers `after` + 1 to `upTo` those that are here.
 * The others are lost: the pod no longer held them, or nobody can read them. Batches of a host follow one another; each
 * begins where the one before ended, unless it `countsAnew`.
 */
export const SessionBatch = z.object({
  v: z.literal(1),
  farmId: FarmId,
  host: HostId,
  after: z.int().min(0),
  upTo: z.int().min(0),
  /**
   * The pod lost its file of ended sessions, or the end of it, and gives numbers again that the batches before have for
   * other sessions. How many were in it that nobody has shipped is not known.
   */
  countsAnew: z.boolean(),
  sessions: z.array(EndedSession).max(MAX_BATCH_SESSIONS),
});
export type SessionBatch = z.infer<typeof SessionBatch>;

/** What every version of a batch says: without it a worker that is older than the one before could not go on. */
export const SessionBatchEnd = z.object({
  upTo: z.int().min(0),
  sessions: z.array(z.object({ n: z.int(), id: z.string() })),
});

/** Ended sessions on one page of the global API; a batch is never split, so that some more may come. */
export const MAX_ENDED_SESSIONS = 1_000;

export const EndedSessionRow = EndedSession.extend({ host: HostId });
export type EndedSessionRow = z.infer<typeof EndedSessionRow>;

/** What is missing of a host among the batches that a page covers. */
export const LostSessions = z.object({
  host: HostId,
  sessions: z.int().min(0),
  /** How often its pod counted anew: each time an unknown number was lost, too. */
  countedAnew: z.int().min(0),
});
export type LostSessions = z.infer<typeof LostSessions>;

/** The newest that the filters mean, as they were stored, newest first. */
export const EndedSessionsAnswer = z.object({
  sessions: z.array(EndedSessionRow),
  /** Of the hosts that the filters mean; which streams or addresses theirs were, nobody knows. */
  lost: z.array(LostSessions),
  /** Messages that this version cannot read. */
  unreadable: z.int().min(0),
  /** There is more, or it was not looked at yet: ask again with `before` of this. Null: that is all. */
  next: Sequence.nullable(),
});
export type EndedSessionsAnswer = z.infer<typeof EndedSessionsAnswer>;
