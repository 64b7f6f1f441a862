import type { SessionBatch } from '@dolphin/protocol';
import type { AppendOutcome } from './log-store.js';

/** How far a host's sessions are in the stream. */
export interface SessionTail {
  /** The sequence of the last message on the host's subject, which the next append has to expect; 0: none, or no longer. */
  readonly guard: number;
  /** Null: the host has appended nothing that is still there. */
  readonly end: SessionEnd | null;
}

export interface SessionEnd {
  /** The last number that the host's batches cover. */
  readonly upTo: number;
  /** The id of the session that has this number; null: it is lost. */
  readonly id: string | null;
}

/** A message of the sessions stream. `at` is the server's stored time; `batch` is null where it is none of its host's. */
export interface StoredBatch {
  readonly sequence: number;
  readonly at: string;
  readonly batch: SessionBatch | null;
}

/** How sessions ended, of all hosts of a farm, for as long as the stream keeps it. */
export interface SessionHistory {
  /**
   * The end of what the stream has of a host. Throws E_BUS_UNAVAILABLE, also where there is no
   * stream yet, and E_LOG_UNREADABLE when its last batch does not tell.
   */
  tail(host: string): Promise<SessionTail>;

  /** Of the last message that was ever stored, of any host; 0: none, or there is no stream. Throws E_BUS_UNAVAILABLE. */
  lastSequence(): Promise<number>;

  /**
   * Appends if `expectedLast` is the sequence of the host's last message (0: none). As of LogStore.append, the outcome may
   * stay unknown: the batch may then be stored, now or later, unless another one is stored first. Throws DolphinError when
   * certainly nothing was stored, and that is not for a conflict.
   */
  append(batch: SessionBatch, options: { expectedLast: number; messageId: string }): Promise<AppendOutcome>;

  /**
   * The messages below the sequence `before` (default: all that are there now), newest first, of all hosts or one. Nothing where
   * there is no stream. Throws E_BUS_UNAVAILABLE.
   */
  readBack(options: { before?: number; host?: string }): AsyncIterable<StoredBatch>;
}
