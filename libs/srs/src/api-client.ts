import { ExchangeError, exchange } from '@dolphin/runtime/exchange.js';
import type { z } from 'zod';
import {
  SrsAnswer,
  SrsClients,
  SrsReloadState,
  SrsSelfProcStats,
  SrsStreams,
  SrsSummaries,
  SrsVersions,
  SrsVhosts,
} from './api-shapes.js';

/**
 * unreachable: no connection, or it broke. timeout: no whole answer in time. http-status: not 200. too-large,
 * not-json, wrong-shape: not an answer of an SRS. refused: a good answer whose `code` is not 0 (then in `srsCode`).
 */
export type SrsApiErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'http-status'
  | 'too-large'
  | 'not-json'
  | 'wrong-shape'
  | 'refused';

export class SrsApiError extends Error {
  override readonly name = 'SrsApiError';
  readonly code: SrsApiErrorCode;
  /** SRS's own code: 2048 no such stream, 2049 no such client; null unless `refused`. */
  readonly srsCode: number | null;

  constructor(code: SrsApiErrorCode, message: string, srsCode: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.srsCode = srsCode;
  }
}

/** SRS answers within milliseconds, but on its media thread: a busy one is late, not dead. */
const DEFAULT_TIMEOUT_MS = 2000;
/** 100,000 clients at 400 bytes each, the most that is asked for. */
const DEFAULT_MAX_BYTES = 48 * 1024 * 1024;
/** No total and no pages in SRS's API, and the minimum is 10: everything is asked for at once. */
const COUNT = 'count=100000';

type Method = 'GET' | 'DELETE';
const AnswerCode = SrsAnswer.pick({ code: true });

/** One process's private API, at `http://127.0.0.1:33332`. Every method throws SrsApiError, and nothing else. */
export class SrsApi {
  readonly base: string;
  readonly #timeoutMs: number;
  readonly #maxBytes: number;

  constructor(base: string, o: { timeoutMs?: number; maxBytes?: number } = {}) {
    this.base = base.replace(/\/+$/, '');
    this.#timeoutMs = o.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#maxBytes = o.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  versions(): Promise<SrsVersions> {
    return this.#ask('GET', '/api/v1/versions', SrsVersions);
  }

  summaries(): Promise<SrsSummaries> {
    return this.#ask('GET', '/api/v1/summaries', SrsSummaries);
  }

  selfProcStats(): Promise<SrsSelfProcStats> {
    return this.#ask('GET', '/api/v1/self_proc_stats', SrsSelfProcStats);
  }

  vhosts(): Promise<SrsVhosts> {
    return this.#ask('GET', `/api/v1/vhosts/?${COUNT}`, SrsVhosts);
  }

  streams(): Promise<SrsStreams> {
    return this.#ask('GET', `/api/v1/streams/?${COUNT}`, SrsStreams);
  }

  clients(): Promise<SrsClients> {
    return this.#ask('GET', `/api/v1/clients/?${COUNT}`, SrsClients);
  }

  /** Cuts the client off. srsCode 2049: it is not there (any more). */
  async deleteClient(id: string): Promise<void> {
    await this.#ask('DELETE', `/api/v1/clients/${encodeURIComponent(id)}`, SrsAnswer);
  }

  /** Asks for a reload of the conf; how it went is told by reloadState, within a second. Not in SRS 2. */
  async reload(): Promise<void> {
    await this.#ask('GET', '/api/v1/raw?rpc=reload', SrsAnswer);
  }

  reloadState(): Promise<SrsReloadState> {
    return this.#ask('GET', '/api/v1/raw?rpc=reload-fetch', SrsReloadState);
  }

  async #ask<Schema extends z.ZodType>(method: Method, path: string, schema: Schema): Promise<z.infer<Schema>> {
    const what = `${method} ${this.base}${path}`;
    const text = await this.#fetchText(method, path, what);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw new SrsApiError('not-json', `${what}: the answer is not JSON`, null, { cause });
    }
    // The code first: an answer with an error has nothing else in it.
    const status = AnswerCode.safeParse(json);
    if (status.success && status.data.code !== 0) {
      throw new SrsApiError('refused', `${what}: SRS says code ${status.data.code}`, status.data.code);
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      throw new SrsApiError('wrong-shape', `${what}: not an answer of SRS: ${firstIssue(parsed.error)}`, null, {
        cause: parsed.error,
      });
    }
    return parsed.data;
  }

  async #fetchText(method: Method, path: string, what: string): Promise<string> {
    try {
      const o = { method, timeoutMs: this.#timeoutMs, maxBytes: this.#maxBytes };
      const { status, text } = await exchange(`${this.base}${path}`, o);
      if (status !== 200) throw new SrsApiError('http-status', `${what}: HTTP status ${status}`);
      return text;
    } catch (cause) {
      if (cause instanceof SrsApiError) throw cause;
      const code = cause instanceof ExchangeError ? CODES[cause.kind] : 'unreachable';
      throw new SrsApiError(code, `${what}: ${cause instanceof Error ? cause.message : cause}`, null, { cause });
    }
  }
}

const CODES = { refused: 'unreachable', broken: 'unreachable', late: 'timeout', 'too-large': 'too-large' } as const;

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'unknown' : `${issue.path.join('.')}: ${issue.message}`;
}
