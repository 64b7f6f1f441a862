import { z } from 'zod';
import { PodFact } from './facts.js';
import { ConfName, EngineName } from './ids.js';

/**
 * The pod's control API: HTTP with JSON bodies over a unix socket (mode 0600) in its run directory.
 *
 *   GET  /v1/state               → PodState
 *   GET  /metrics                → the same for Prometheus (docs/reference/metrics.md)
 *   GET  /v1/happenings?after=N&limit=M → HappeningPage
 *   GET  /v1/choices?last=N&client=ID → ChoicesPage: why clients went where, the last N of them or one client's
 *   POST /v1/commands  Command   → CommandReply (200 also when refused: the reply is the answer)
 *   GET  /v1/sessions?edge=&address=&stream=&protocol=&limit=M → SessionPage; edge `stream-0`: both edges of that slot
 *   GET  /v1/sessions/ended?after=N&limit=M → EndedSessionPage
 *   DELETE /v1/sessions/{id}     → 202; the client is being closed
 *   GET  /v1/limits              → LimitsState
 *   PUT  /v1/limits?close=true  PodLimits → LimitsState; holds over restarts, in place of the configuration's
 *   DELETE /v1/limits            → LimitsState; the configuration's hold again
 *   POST /v1/edges/{name}/drain  { deadlineMs? } → 202; `stream-0` gets no new clients, and ends (see the drain command)
 *   POST /v1/edges/{name}/undrain → 202, while it drains
 *   POST /v1/edges/{name}/replace → 202; the same edge anew: beside the old one on spare ports, or after its drain
 *   POST /v1/edges/{name}/start  → 202; a drained edge of a pod alone again
 *   POST /v1/stop?deadlineMs=N   → 202; no new clients, waits for those there (default: its configuration), then the pod
 *                                  stops its edges and exits. Asked again while it waits: at once
 *   GET  /v1/edges/{name}/logs?lines=N&bytes=M → text/plain: the last lines that this edge printed, as it printed them,
 *        also when it is gone; 200 lines and 64 KiB unless asked, MAX_LOG_LINES and MAX_LOG_BYTES at most. `stream-0` is
 *        the newest edge of that slot that lives, else the one that printed last; `stream-0.b` is that one (EdgeStatus.name)
 *
 * Errors: { error: { code, message } } with the HTTP status of the error table.
 */
export const POD_SOCKET_NAME = 'pod.sock';
export const POD_HAPPENINGS_NAME = 'happenings.jsonl';
export const POD_SESSIONS_NAME = 'sessions.jsonl';
export const POD_LIMITS_NAME = 'limits.json';
export const POD_HOST_FILE_NAME = 'host.json';
export const POD_NAMES_NAME = 'names.json';

/** What one answer of logs holds at most; who asks for more gets so much. */
export const MAX_LOG_LINES = 10_000;
export const MAX_LOG_BYTES = 1024 * 1024;

const path = z.string().min(1).max(4096);
/**
 * RUN_DIR/names.json: the paths behind the names of specifications, absolute, as the host's own configuration has them. Written by
 * its worker at each start; a pod reads it again when it changes.
 */
export const PodNames = z.object({ engines: z.record(EngineName, path), confs: z.record(ConfName, path) });
export type PodNames = z.infer<typeof PodNames>;

/** Something that happened in a pod, numbered from 1 without gaps over all its lives; a log entry to be. */
export const Happening = z.object({ n: z.int().min(1), at: z.iso.datetime(), fact: PodFact });
export type Happening = z.infer<typeof Happening>;

/** `oldest` is the first number still held: a reader further behind has lost some. */
export const HappeningPage = z.object({
  oldest: z.int().min(1),
  newest: z.int().min(0),
  happenings: z.array(Happening),
});
export type HappeningPage = z.infer<typeof HappeningPage>;
