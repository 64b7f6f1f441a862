import {
  Ask,
  type AskReply,
  type DolphinError,
  type Heartbeat,
  Kick,
  MAX_ASK_BYTES,
  MAX_KICK_BYTES,
  MAX_TELEMETRY_BYTES,
  type Session,
  type SessionPage,
} from '@dolphin/protocol';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What this worker is asked; null: nothing that is known here. No question asks for the state. */
export function readAsk(data: Uint8Array): Ask | null {
  if (data.length === 0) return { what: 'state' };
  return data.length > MAX_ASK_BYTES ? null : read(Ask, data);
}

/** Null: it is none. */
export function readKick(data: Uint8Array): Kick | null {
  return data.length > MAX_KICK_BYTES ? null : read(Kick, data);
}

/** Null: this worker has not joined, and says nothing. */
export function stateReply(heartbeat: Heartbeat | null): AskReply | null {
  return heartbeat === null ? null : { what: 'state', heartbeat };
}

/** With as many of its sessions as an answer holds, the first of them; `total` says how many there are. */
export function sessionsReply({ total, sessions }: SessionPage): AskReply {
  const empty: AskReply = { what: 'sessions', total, sessions: [] };
  return { what: 'sessions', total, sessions: fitting(sessions, MAX_TELEMETRY_BYTES - bytesOf(empty)) };
}

export function refusedReply({ code, message }: Pick<DolphinError, 'code' | 'message'>): AskReply {
  return { what: 'refused', code, message };
}

function fitting(sessions: readonly Session[], roomBytes: number): Session[] {
  const taken: Session[] = [];
  let left = roomBytes;
  for (const session of sessions) {
    // With the comma behind it.
    left -= bytesOf(session) + 1;
    if (left < 0) break;
    taken.push(session);
  }
  return taken;
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

function read<T>(schema: { safeParse(json: unknown): { data?: T | undefined } }, data: Uint8Array): T | null {
  try {
    return schema.safeParse(JSON.parse(utf8.decode(data))).data ?? null;
  } catch {
    return null;
  }
}
