import { z } from 'zod';
import type { BusCredentials } from './bus-credentials.js';
import { busUserName, inboxPrefix } from './bus-permissions.js';
import { FarmName, HostId } from './ids.js';
import { MAX_TEXT_CHARS } from './limits.js';

/** The largest invitation, in bytes: a few short texts. */
export const MAX_INVITATION_BYTES = 4_096;

/** All that a worker needs to join a farm as one host. Whoever has it is that host: it goes by file or stdin, never by argv. */
export const Invitation = z.object({
  v: z.literal(1),
  farm: FarmName,
  host: HostId,
  /** NATS servers, with commas. */
  nats: z.string().min(1).max(MAX_TEXT_CHARS),
  /** Of the host's user on NATS. */
  password: z.string().min(1).max(255),
});
export type Invitation = z.infer<typeof Invitation>;

/** Who the invited host's worker is on the bus. */
export function credentialsOf({
  farm,
  host,
  password,
}: Pick<Invitation, 'farm' | 'host' | 'password'>): BusCredentials {
  const user = { role: 'worker', farm, host } as const;
  return { user: busUserName(user), password, inboxPrefix: inboxPrefix(user) };
}
