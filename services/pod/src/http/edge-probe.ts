import { SrsApi, SrsApiError } from '@dolphin/srs';
import type { EdgeProbe } from '../app/ports.js';

const PROBE_TIMEOUT_MS = 1000;

/** Asks an edge's private API. An answer of another process on that port (SRS shares ports) is none. */
export const httpEdgeProbe: EdgeProbe = {
  async answers(apiPort, pid) {
    try {
      const answer = await new SrsApi(`http://127.0.0.1:${apiPort}`, { timeoutMs: PROBE_TIMEOUT_MS }).versions();
      return answer.pid === undefined || Number(answer.pid) === pid;
    } catch {
      return false;
    }
  },
};

/**
 * Does the process behind a private API do anything? An answer of any kind says so, and so does a connection that was
 * accepted and closed: a full SRS does that. For a frozen one the kernel accepts, and then nothing comes. Never rejects.
 */
export async function apiShowsLife(apiPort: number, pid: number): Promise<boolean> {
  try {
    const answer = await new SrsApi(`http://127.0.0.1:${apiPort}`, { timeoutMs: PROBE_TIMEOUT_MS }).versions();
    return answer.pid === undefined || Number(answer.pid) === pid;
  } catch (error) {
    const code = error instanceof SrsApiError ? error.code : 'unreachable';
    if (code === 'timeout') return false;
    return code !== 'unreachable' || CLOSED_BY_PEER.has(reasonOf(error));
  }
}

/** How fetch names a connection that was open and that the other side closed. */
const CLOSED_BY_PEER = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** fetch wraps it once, SrsApi once more. */
function reasonOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code !== undefined && code !== 'unreachable') return code;
  }
  return '';
}

/** Bytes that an SRS sent since its start, for one whose clients do not come through this pod; null: no answer. */
export async function srsSentBytes(apiPort: number): Promise<number | null> {
  try {
    const { data } = await new SrsApi(`http://127.0.0.1:${apiPort}`, { timeoutMs: PROBE_TIMEOUT_MS }).summaries();
    return data.system.srs_send_bytes;
  } catch {
    return null;
  }
}
