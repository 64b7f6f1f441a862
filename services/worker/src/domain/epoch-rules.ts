/** What a worker needs to know of the last message on its own log subject. */
export interface LogTail {
  readonly sequence: number;
  readonly messageId: string;
  readonly epoch: number;
  /** The number of the last happening that the log covers. */
  readonly upTo: number;
}

/** The place of a worker's own last append. */
export type OwnPlace = Pick<LogTail, 'sequence' | 'messageId' | 'epoch'>;

/** 1 + the highest epoch known: that of the log, or, when the log lost its tail, the one that this worker was in. */
export function nextEpoch(tail: LogTail | null, ownEpoch: number): number {
  return Math.max(tail?.epoch ?? 0, ownEpoch) + 1;
}

/**
 * What the tail of the log means for a worker that believes to be in epoch `own.epoch`.
 *   same: nobody else wrote; go on.
 *   lost-tail: the log forgot something that it had acknowledged (restored from a copy, power cut): join again, send again.
 *   foreign: another worker lives under this host's name: stand down.
 * `pendingId` is the message id of an append whose outcome is not known yet: finding it is no surprise.
 */
export function judgeTail(
  own: OwnPlace,
  pendingId: string | null,
  tail: LogTail | null,
): 'same' | 'lost-tail' | 'foreign' {
  if (tail === null) return 'lost-tail';
  if (tail.messageId === own.messageId && tail.sequence === own.sequence) return 'same';
  if (tail.messageId === pendingId) return 'same';
  if (tail.epoch > own.epoch) return 'foreign';
  if (tail.epoch === own.epoch && tail.sequence > own.sequence) return 'foreign';
  return 'lost-tail';
}

/**
 * What a refused `host-joined` means: an older life's append that arrived late is no reason to give up, another worker
 * that joined with the same epoch or a later one is.
 */
export function judgeRefusedJoin(triedEpoch: number, tail: LogTail | null): 'again' | 'foreign' {
  return tail !== null && tail.epoch >= triedEpoch ? 'foreign' : 'again';
}
