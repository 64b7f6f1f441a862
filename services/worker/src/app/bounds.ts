/** How often the pod is asked for its state: a dead one that is not our child is found within this. */
export const POD_LOOK_MS = 500;
/** A pod that was just started is waited for more eagerly. */
export const POD_START_LOOK_MS = 50;
/** A pod that was started has this long to answer before somebody is told. */
export const POD_START_PATIENCE_MS = 15_000;
/** A pod that ran for so long is started again at once when it dies; one that did not is waited for. */
export const POD_GOOD_RUN_MS = 10_000;
/** An older state than this is none: a frozen pod must not look alive in heartbeats. */
export const POD_STATE_VALID_MS = 3_000;
/** Joining waits so long for a pod that is starting. */
export const POD_UP_PATIENCE_MS = 5_000;
export const POD_UP_POLL_MS = 20;
/** Between two looks of a host that leaves at its edges, its pod, its log. */
export const LEAVE_POLL_MS = 100;
/** After a drain's deadline clients are closed in batches (5,000 take six seconds), and edges get 5 s after SIGTERM. */
export const DRAIN_MARGIN_MS = 30_000;
/** A pod that is told to end gives its edges 8 s, and kills them then. */
export const POD_END_PATIENCE_MS = 30_000;
/** NATS that is not there within this is away: whoever told the host to leave is told so. */
export const TELL_PATIENCE_MS = 10_000;
export const HEARTBEAT_MS = 1_000;
/** A change is told at once, but no more often than this. */
export const HEARTBEAT_GAP_MS = 100;
export const STATS_MS = 2_000;
/** How often the pod is asked for new happenings. */
export const SHIP_POLL_MS = 250;
/** One page of happenings: at their worst (ten escaped lines of stderr each) some 3 MB, usually 60 KB. */
export const PAGE_HAPPENINGS = 100;
/** Of one envelope's entries; the log takes 900 KiB, with some for the envelope itself. */
export const BATCH_BYTES = 800 * 1024;
export const BATCH_ENTRIES = 500;
/** Messages of the log that are searched for what a pod that counts anew has already told. */
export const RECOVERY_MESSAGES = 5_000;
/** How often the pod is asked for ended sessions: it writes them down every second, and a message holds those of one look. */
export const SESSIONS_POLL_MS = 2_000;
/** Between two pages of many: the pod that reads and sends them, some 5 ms each, serves clients meanwhile. */
export const SESSIONS_GAP_MS = 50;
/** Numbers in one page: about as many sessions as a batch holds. Usually 150 KB. */
export const PAGE_SESSIONS = 400;
/** A power cut takes what the pod wrote in the last half minute, some 15 batches. A file that differs in more is another one. */
export const SESSION_RECOVERY_BATCHES = 64;
/** After a failed try to join, ship or verify. */
export const RETRY = { baseMs: 250, maxMs: 3_000 };
/** Two heartbeats of another worker under our name cannot hide in this. */
export const FOREIGN_LISTEN_MS = 2_500;
/** The worker's own facts that wait for the log. */
export const MAX_OUTBOX = 256;
/** Refusals that become facts, in any minute: more are somebody's noise, and are counted. */
export const REFUSALS_PER_MINUTE = 60;
/** Refusals that are remembered, so as not to be said twice. */
export const MAX_REFUSAL_KEYS = 1_024;
/** Commands that wait for the pod; those beyond are not answered, and come again with the leader's next round. */
export const MAX_COMMANDS_WAITING = 256;
/** farm-created is the log's first message; a few may precede it only by hand. */
export const FARM_SEARCH_MESSAGES = 16;
/** Questions to the pod about its sessions at a time: each may ask 64 edges for the bytes of a thousand clients. */
export const MAX_POD_QUESTIONS = 2;
