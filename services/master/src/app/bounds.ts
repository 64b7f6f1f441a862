/** How often the leader looks without being woken: a lost wake-up costs no more than this. */
export const ROUND_MS = 250;
/** What wakes the leader comes in bursts (facts, answers): they are taken together. */
export const ROUND_GAP_MS = 20;
/** An append that is not folded by then: the projection is stuck, and this master must not go on deciding. */
export const APPLY_DEADLINE_MS = 5_000;
/** Decisions in one envelope: far below what the log takes in one message; the rest comes with the next round. */
export const MAX_DECISIONS = 400;
/** A plan that never comes to an end is a bug of ours: it must not fill the log. */
export const MAX_BUSY_ROUNDS = 20;
export const BUSY_PAUSE_MS = 5_000;
/** The worker persists a command and hands it to the pod before it answers. */
export const COMMAND_TIMEOUT_MS = 2_000;
/** Heartbeats of hosts that are not in the log: more names than this are somebody's mistake. */
export const MAX_STRANGERS = 200;
/** A stranger that is silent for so long is forgotten. */
export const STRANGER_FORGOTTEN_MS = 60_000;
/** How often silence is counted. */
export const LISTEN_TICK_MS = 250;
/** A tick that comes later than this was slept through: what was missed then is no host's silence. */
export const ASLEEP_MS = 1_000;
/** A public port answers on its own network within this, or it does not serve. */
export const DIAL_TIMEOUT_MS = 1_000;
export const DIAL_EVERY_MS = 1_000;
/** The aggregate, without and with a change. */
export const PUBLISH_EVERY_MS = 1_000;
export const PUBLISH_GAP_MS = 100;
/** An API call waits no longer than this for the bus. */
export const API_DEADLINE_MS = 2_000;
/** Making a stream and a bucket takes a few requests, once in a farm's life. */
export const INIT_DEADLINE_MS = 6_000;
/** An apply that meets others' this often is told so. */
export const MAX_APPLY_TRIES = 6;
/** How often the log is looked at from outside: is it there, is it this farm's? */
export const LOG_WATCH_MS = 1_000;
/** A crash costs the folding of what came since. */
export const SNAPSHOT_EVERY_MS = 10_000;
/** Entries on one page of events; an envelope is never split, so that a page may hold up to 1,023 more. */
export const MAX_EVENTS = 1_000;
/** Readers that follow the events at a time: each has a consumer on the log and up to 256 of its messages. */
export const MAX_EVENT_STREAMS = 32;
/** Exports at a time: each reads the whole log, and takes the processor that the leader needs. */
export const MAX_EXPORTS = 2;
/** Of an export, written at a time: some hundred messages. */
export const EXPORT_CHUNK_CHARS = 64 * 1024;
/** What a reader that follows gets at least so often: so it knows soon that its master is gone. */
export const EVENT_STREAM_HEARTBEAT_MS = 5_000;
/** How often it is looked whether ended sessions have their stream; ten times as often while it cannot be known. */
export const SESSIONS_STREAM_LOOK_MS = 5_000;
/** Searches for sessions at a time: each holds a window of the stream, a few MB, and takes the leader's processor. */
export const MAX_SEARCHES = 2;
/** A page of a search ends at its next message after this. */
export const SEARCH_MS = 1_000;
/** A search holds up other loops for no longer than this and a message, some 5 ms. */
export const SEARCH_TURN_MS = 5;
/** A page that takes longer than this waits for NATS. */
export const SEARCH_DEADLINE_MS = 8_000;
/** Searches for live sessions at a time: each makes every host's pod and edges count bytes. */
export const MAX_LIVE_SEARCHES = 2;
/** Hosts that are asked at a time: each answers with up to 256 KiB. */
export const PARALLEL_HOSTS = 32;
/** A host answers from memory, after its edges have counted bytes. */
export const ASK_HOST_TIMEOUT_MS = 2_000;
/** Hosts that could not be asked by then are named as such. */
export const ASK_ALL_MS = 8_000;
/** Hosts and NATS agree about the time as well as this. */
export const CLOCK_SKEW_MS = 60_000;
