import { z } from 'zod';
import { PodFact } from './log-entries.js';

/**
 * The pod's control API: HTTP with JSON bodies over a unix socket (mode 0600) in its run directory.
 *
 *   GET  /v1/state               → PodState
 *   GET  /v1/happenings?after=N&limit=M → HappeningPage
 *   GET  /v1/choices?last=N&client=ID → ChoicesPage: why clients went where, the last N of them or one client's
 *   POST /v1/commands  Command   → CommandReply (200 also when refused: the reply is the answer)
 *   GET  /v1/sessions?edge=&address=&stream=&protocol=&limit=M → SessionPage
 *   GET  /v1/sessions/ended?after=N&limit=M → EndedSessionPage
 *   DELETE /v1/sessions/{id}     → 202; the client is being closed
 *   GET  /v1/limits              → LimitsState
 *   PUT  /v1/limits?close=true  PodLimits → LimitsState; holds over restarts, in place of the configuration's
 *   DELETE /v1/limits            → LimitsState; the configuration's hold again
 *   POST /v1/stop                → 202; the pod stops its edges and exits
 *
 * Errors: { error: { code, message } } with the HTTP status of the error table.
 */
export const POD_SOCKET_NAME = 'pod.sock';
export const POD_HAPPENINGS_NAME = 'happenings.jsonl';
export const POD_SESSIONS_NAME = 'sessions.jsonl';
export const POD_LIMITS_NAME = 'limits.json';
export const POD_HOST_FILE_NAME = 'host.json';

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
