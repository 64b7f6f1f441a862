import { z } from 'zod';
import { PodFact } from './log-entries.js';

/**
 * The pod's control API: HTTP with JSON bodies over a unix socket (mode 0600) in its run directory.
 *
 *   GET  /v1/state               → PodState
 *   GET  /v1/happenings?after=N&limit=M → HappeningPage
 *   POST /v1/commands  Command   → CommandReply (200 also when refused: the reply is the answer)
 *   POST /v1/stop                → 202; the pod stops its edges and exits
 *   GET  /v1/edges/{name}/logs?lines=N&bytes=M → text/plain: the last lines that this edge printed, as it printed them,
 *        also when it is gone; 200 lines and 64 KiB unless asked, MAX_LOG_LINES and MAX_LOG_BYTES at most
 *
 * Errors: { error: { code, message } } with the HTTP status of the error table.
 */
export const POD_SOCKET_NAME = 'pod.sock';
export const POD_HAPPENINGS_NAME = 'happenings.jsonl';
export const POD_HOST_FILE_NAME = 'host.json';

/** What one answer of logs holds at most; who asks for more gets so much. */
export const MAX_LOG_LINES = 10_000;
export const MAX_LOG_BYTES = 1024 * 1024;

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
