import { Ask, type AskReply, type Heartbeat, MAX_ASK_BYTES } from '@dolphin/protocol';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What this worker answers whoever asks; null: it has not joined, and says nothing. No question asks for the state. */
export function answerAsk(data: Uint8Array, heartbeat: Heartbeat | null): AskReply | null {
  if (heartbeat === null) return null;
  const ask = data.length === 0 ? ({ what: 'state' } as const) : readAsk(data);
  if (ask === null) return { what: 'refused', code: 'E_BAD_REQUEST', message: 'no question that is known here' };
  if (ask.what === 'dial') {
    return { what: 'refused', code: 'E_NOT_YET', message: 'dialling is not there yet in this version' };
  }
  return { what: 'state', heartbeat };
}

function readAsk(data: Uint8Array): Ask | null {
  if (data.length > MAX_ASK_BYTES) return null;
  try {
    return Ask.safeParse(JSON.parse(utf8.decode(data))).data ?? null;
  } catch {
    return null;
  }
}
