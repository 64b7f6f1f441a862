/** The waits of one relayed connection, in ms; tests shorten them. */
export interface RelayLimits {
  /** For the first byte of an RTMP client, or the whole head of an HTTP request. */
  readonly headMs: number;
  /** For an edge on this host to accept. */
  readonly connectMs: number;
  /** A write that makes no progress: the reader is gone, or slower than any buffer helps (SRS's queue_length is 30 s). */
  readonly stallMs: number;
  /**
   * No byte either way. Long, because players of a stream whose origin is away are to stay; a peer that is gone is
   * found by TCP keepalive.
   */
  readonly idleMs: number;
  /** For the other side to end after one side has. */
  readonly lingerMs: number;
}

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  headMs: 5000,
  connectMs: 1000,
  stallMs: 30_000,
  idleMs: 600_000,
  lingerMs: 5000,
};

/** Probes of a silent peer begin after this long. */
export const KEEPALIVE_AFTER_MS = 60_000;
