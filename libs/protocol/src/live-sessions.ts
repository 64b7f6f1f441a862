import { z } from 'zod';
import { text } from './fields.js';
import { ClientProtocol } from './hand-off.js';
import { MAX_STREAM_CHARS } from './hand-off-bounds.js';
import { FarmId, HostId } from './ids.js';
import { MAX_HOSTS, MAX_NAME_CHARS } from './limits.js';
import { MAX_SESSION_PAGE, Session, type SessionPage } from './pod-sessions.js';

/** As a pod gives them. */
export const SessionId = z.string().regex(/^[\w-]{1,64}$/, 'not the id of a session');

/** Which live sessions are meant; what is not given means all. `address`: one, or a prefix (`203.0.113.0/24`). */
export const LiveSessionFilter = z.object({
  edge: z.string().min(1).max(MAX_NAME_CHARS).optional(),
  stream: z.string().min(1).max(MAX_STREAM_CHARS).optional(),
  address: z.string().min(1).max(MAX_NAME_CHARS).optional(),
  protocol: ClientProtocol.optional(),
});
export type LiveSessionFilter = z.infer<typeof LiveSessionFilter>;

export const LiveSession = Session.extend({ host: HostId });
export type LiveSession = z.infer<typeof LiveSession>;

/** Who is there now, on all hosts that the filters mean: the oldest `sessions` of `total`. */
export const LiveSessionsAnswer = z.object({
  total: z.int().min(0),
  sessions: z.array(LiveSession).max(MAX_SESSION_PAGE),
  /** Hosts that did not tell, and why: what they have is not among these. */
  unheard: z.array(z.object({ host: HostId, why: text })).max(MAX_HOSTS),
});
export type LiveSessionsAnswer = z.infer<typeof LiveSessionsAnswer>;

/** `kick.<host>`: this client of that host is to be closed. No decision, and so any master may ask. */
export const Kick = z.object({ farmId: FarmId, session: SessionId });
export type Kick = z.infer<typeof Kick>;

export const KickReply = z.discriminatedUnion('result', [
  z.object({ result: z.literal('closing') }),
  /** E_NOT_FOUND: no such session there. E_POD_DOWN, E_FARM_MISMATCH, E_BAD_REQUEST. */
  z.object({ result: z.literal('refused'), code: z.string().max(64), message: text }),
]);
export type KickReply = z.infer<typeof KickReply>;

/** Where the client was that is being closed. */
export const KickAnswer = z.object({ host: HostId, session: SessionId });
export type KickAnswer = z.infer<typeof KickAnswer>;

/** The largest kick and the largest answer to one, in bytes. */
export const MAX_KICK_BYTES = 8 * 1024;

/** The oldest `limit` of what hosts told, by host, oldest first. Each told its own oldest. */
export function oldestSessions(pages: ReadonlyMap<string, SessionPage>, limit: number): LiveSession[] {
  const rows = [...pages].flatMap(([host, { sessions }]) => sessions.map((session) => ({ host, ...session })));
  return rows
    .sort(
      (a, b) => Date.parse(a.acceptedAt) - Date.parse(b.acceptedAt) || (a.host < b.host ? -1 : a.host > b.host ? 1 : 0),
    )
    .slice(0, limit);
}
