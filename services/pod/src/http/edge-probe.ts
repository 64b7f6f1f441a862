import { SrsApi } from '@dolphin/srs';
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

/** Bytes that an SRS sent since its start, for one whose clients do not come through this pod; null: no answer. */
export async function srsSentBytes(apiPort: number): Promise<number | null> {
  try {
    const { data } = await new SrsApi(`http://127.0.0.1:${apiPort}`, { timeoutMs: PROBE_TIMEOUT_MS }).summaries();
    return data.system.srs_send_bytes;
  } catch {
    return null;
  }
}
