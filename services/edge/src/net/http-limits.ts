// What an HTTP client may take of time and memory.

/** A whole request head must be there by then, and the body that is thrown away with it. */
export const HEAD_TIMEOUT_MS = 5000;
/** A connection is kept so long between two requests: SRS's time, and above the 10 s of an HLS segment. */
export const IDLE_MS = 15_000;
/** An answer that somebody has to make takes no longer than that, once the client may have it. */
export const ANSWER_TIMEOUT_MS = 10_000;
/** A client that takes nothing of its answer for so long is closed: SRS's time. */
export const STALL_MS = 30_000;
/**
 * An answer is taken at this speed at least, beside STALL_MS: a segment that somebody reads byte by byte would be held by
 * him long after its window. 512 kbit/s is less than a viewer can do with whose segments are large.
 */
export const SLOWEST_BYTES_PER_S = 64 * 1024;
/** How long a player waits for a stream that nobody publishes here, before it gets its 404. */
export const ORIGIN_STANDBY_MS = 3000;
/** The same on an edge: its upstreams are asked in turn, 5 s each. */
export const EDGE_STANDBY_MS = 20_000;
/** Bytes of later requests kept while one is answered; with more it is not read on. One read of the socket. */
export const MAX_UNREAD_BYTES = 64 * 1024;
/** A body that is asked for by no route is thrown away up to this; with a longer one the connection ends. */
export const MAX_BODY_BYTES = 64 * 1024;
/** A player has nothing more to say; who sends on and on is cut. */
export const MAX_EXTRA_BYTES = 64 * 1024;
