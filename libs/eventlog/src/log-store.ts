import type { LogEnvelope } from '@dolphin/protocol';

/**
 * How an append ended. `unknown`: it may be stored, now or later. Append again with the same message id to learn it;
 * an append of something else on that subject settles it first.
 */
export type AppendOutcome =
  | { outcome: 'appended'; sequence: number }
  | { outcome: 'conflict'; lastSequence: number }
  | { outcome: 'unknown'; why: string };

/** One message of the log. `sequence` is the stream's, with gaps; `at` is the server's stored time (ISO 8601, UTC). */
export interface StoredEnvelope {
  sequence: number;
  at: string;
  subject: string;
  messageId: string;
  envelope: LogEnvelope;
}

/** A place in one history of the log: the same sequence of another history has another `created` or message id. */
export interface Checkpoint {
  /** When the stream was created, as the server says it. */
  created: string;
  sequence: number;
  messageId: string;
}

/** A stored envelope as read in order. */
export interface StoredItem extends StoredEnvelope {
  type: 'stored';
  created: string;
}

/** A message that is no envelope of this version: its reader goes on, and knows that it does not know everything. */
export interface Undecodable {
  type: 'undecodable';
  sequence: number;
  at: string;
  subject: string;
  messageId: string;
  created: string;
  why: string;
}

/**
 * A message without an id, as no writer of the log appends it: an answer of the server's own, which somebody's reply subject led
 * here. It says nothing to anybody; the guard of the next append on its subject counts it.
 */
export interface Stray {
  type: 'stray';
  sequence: number;
  at: string;
  subject: string;
  messageId: '';
  created: string;
}

/**
 * What was read so far is not in the log: its stream was recreated or lost its tail. Forget all that was folded and
 * read again from 0; the iteration ends with this item.
 */
export interface Rewound {
  type: 'rewound';
  why: string;
}

export type LogItem = StoredItem | Undecodable | Stray;

/** The end of a subject: what was appended there last, and what the next append has to expect. */
export interface SubjectTail {
  /** The sequence of the last message, appended or stray; 0: none. */
  guard: number;
  /** Null: nobody has appended anything. */
  newest: StoredEnvelope | null;
}
export type FollowItem = LogItem | Rewound;

export function checkpointOf({ created, sequence, messageId }: LogItem): Checkpoint {
  return { created, sequence, messageId };
}

export interface LogStore {
  /**
   * Appends one envelope if `expectedLast` is the sequence of the last message on `subject` (0: none). A message id stands
   * for one envelope on one subject, for ever and among all writers: a second one with it is taken for the first. Time-outs and
   * conflicts are settled within bounded tries. Throws DolphinError when it is certain that nothing was stored and that
   * is not for a conflict: E_BUS_UNAVAILABLE, E_LOG_FULL, E_TOO_LARGE, E_INTERNAL (not a valid envelope).
   */
  append(
    subject: string,
    envelope: LogEnvelope,
    options: { expectedLast: number; messageId: string },
  ): Promise<AppendOutcome>;

  /** As the stream's leader has it. Throws E_LOG_UNREADABLE, E_BUS_UNAVAILABLE. */
  tailOn(subject: string): Promise<SubjectTail>;

  /**
   * From `after` (exclusive) up to the end as it is now, or `until` (inclusive). With `subject` what is on it alone, one request
   * for each message: for a few, and for a worker, which may make no consumer. Throws E_BUS_UNAVAILABLE.
   */
  read(options: { after: number; limit?: number; until?: number; subject?: string }): AsyncIterable<LogItem>;

  /**
   * From `after` (exclusive) on for ever: through restarts and absences of the server, and also while there is no stream yet.
   * Ends when `signal` aborts, and after a `rewound` item; never throws. With `checkpoint` (whose sequence is `after`)
   * the history is verified before the first item; without, `after` is taken on trust.
   */
  follow(options: { after: number; checkpoint?: Checkpoint; signal: AbortSignal }): AsyncIterable<FollowItem>;

  /** null: there is no such stream. Throws E_BUS_UNAVAILABLE when it cannot be known. */
  info(): Promise<{ lastSequence: number; created: string } | null>;
}
