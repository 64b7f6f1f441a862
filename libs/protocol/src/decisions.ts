import { z } from 'zod';
import { ConfRef, DrainDeadlineMs } from './farm-spec.js';
import { address, text } from './fields.js';
import { EngineName, HostId, Term } from './ids.js';
import { MAX_EDGE_ROWS, MAX_ORIGINS } from './limits.js';
import { edgeRef, entry } from './log-entry.js';
import { EdgePorts } from './ports.js';

const defined = {
  host: HostId,
  ...edgeRef,
  engine: EngineName,
  /** Absent: the host's default. */
  conf: ConfRef.optional(),
  ports: EdgePorts,
  origins: z.array(address).max(MAX_ORIGINS),
};
const update = { specVersion: z.int().min(1) };

/** What the leader decided. */
export const Decision = z.discriminatedUnion('type', [
  entry('leader-elected', { term: Term, master: text }),
  entry('edge-assigned', defined),
  /** `drainMs`: how long its clients may stay; absent or 0: it is killed, which is never taken back. */
  entry('edge-released', { host: HostId, ...edgeRef, drainMs: DrainDeadlineMs.optional(), why: text }),
  /** The release of an edge that drains is taken back: it is assigned again, in the same generation. */
  entry('edge-kept', { host: HostId, ...edgeRef, why: text }),
  /** An edge that ran when the log began (farm-created.adopted) is the farm's, as its host reported it. */
  entry('edge-adopted', defined),
  /** The same definition in a new process, under this generation; clients of the one before may stay for `drainMs`. */
  entry('edge-renewed', { host: HostId, ...edgeRef, drainMs: DrainDeadlineMs, why: text }),
  /** `edges`: those to be changed for the spec of this version; `fields`: in what. */
  entry('update-started', {
    ...update,
    edges: z.int().min(1),
    fields: z.array(z.enum(['engine', 'conf', 'ports', 'origins'])).max(4),
  }),
  /** These are changed next; `step` counts from 1. */
  entry('update-step', {
    ...update,
    step: z.int().min(1),
    edges: z
      .array(z.object({ host: HostId, ...edgeRef }))
      .min(1)
      .max(MAX_EDGE_ROWS),
  }),
  /** It did not become what it is to be; the update goes on with others (`onFailure: continue`). */
  entry('update-edge-failed', { ...update, host: HostId, ...edgeRef, why: text }),
  entry('update-stopped', { ...update, why: text }),
  entry('update-finished', update),
  entry('host-unmanaged', { host: HostId, silentMs: z.int().min(0) }),
  entry('host-lost', { host: HostId, silentMs: z.int().min(0) }),
  entry('host-returned', { host: HostId }),
  entry('placement-short', { asked: z.int(), placed: z.int(), why: text }),
]);
export type Decision = z.infer<typeof Decision>;
