import { SrsApi, SrsApiError } from '@dolphin/srs';
import type { EdgeProbe } from '../app/ports.js';

const PROBE_TIMEOUT_MS = 1000;

/** Asks edges at their host's private address. */
export class HttpEdgeProbe implements EdgeProbe {
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  /** An answer of another process on that port (SRS shares ports) is none. */
  async answers(apiPort: number, pid: number): Promise<boolean> {
    try {
      const answer = await this.#api(apiPort).versions();
      return answer.pid === undefined || Number(answer.pid) === pid;
    } catch {
      return false;
    }
  }

  /**
   * Does the process behind a private API do anything? An answer of any kind says so, and so does a connection that was
   * accepted and closed: a full SRS does that. For a frozen one the kernel accepts, and then nothing comes. Never rejects.
   */
  async showsLife(apiPort: number, pid: number): Promise<boolean> {
    try {
      const answer = await this.#api(apiPort).versions();
      return answer.pid === undefined || Number(answer.pid) === pid;
    } catch (error) {
      const code = error instanceof SrsApiError ? error.code : 'unreachable';
      if (code === 'timeout') return false;
      return code !== 'unreachable' || CLOSED_BY_PEER.test(causeOf(error));
    }
  }

  /** Bytes that an SRS sent since its start, for one whose clients do not come through this pod; null: no answer. */
  async sentBytes(apiPort: number): Promise<number | null> {
    try {
      const { data } = await this.#api(apiPort).summaries();
      return data.system.srs_send_bytes;
    } catch {
      return null;
    }
  }

  #api(port: number): SrsApi {
    return new SrsApi(`http://${this.#address}:${port}`, { timeoutMs: PROBE_TIMEOUT_MS });
  }
}

/** A connection that was open and that the other side closed. Garbage in place of HTTP (HPE_…) is a life sign, too. */
const CLOSED_BY_PEER = /^(ECONNRESET|EPIPE|HPE_.*)$/;

/** The socket's own: `exchange` wraps it, and SrsApi wraps that. */
function causeOf(error: unknown): string {
  const wrapped = error instanceof Error ? error.cause : undefined;
  const cause = wrapped instanceof Error ? wrapped.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
