/** Heartbeats come every second: three missed are shown. */
export const SUSPECT_AFTER_MS = 3_000;
/** Five missed are acted upon: long enough for a worker to be restarted or a garbage collection to end. */
export const SILENT_AFTER_MS = 5_000;
/** A dial of a public port counts for so long. */
export const DIAL_VALID_MS = 2_500;
/** An accepted command must show in a heartbeat by then (they come every second), or it is sent again. */
export const RESEND_ACCEPTED_MS = 3_000;
/** What refused a command must change first; asking faster only fills logs. */
export const RESEND_REFUSED_MS = 2_000;
/** A pod that is down is being started: that takes half a second, and a farm waits for it. */
export const RESEND_POD_DOWN_MS = 300;
export const RESEND_UNANSWERED_MS = 500;
/** How long an edge that is to go waits for its clients, where nobody says: as long as a pod that is told nothing does. */
export const DRAIN_DEADLINE_MS = 300_000;
/** A slot that its pod gave up is tried again after this, doubled with each time in a row … */
export const GAVE_UP_BASE_MS = 15_000;
/** … up to this: a broken conf must not fill the log, a repaired one must not wait long. */
export const GAVE_UP_MAX_MS = 480_000;
