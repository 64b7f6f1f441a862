import {
  ApplyAnswer,
  type ApplyRequest,
  DolphinError,
  EdgeList,
  EndedSessionsAnswer,
  ErrorAnswer,
  EventPage,
  FarmView,
  HostList,
  isErrorCode,
} from '@dolphin/protocol';
import type { z } from 'zod';
import { type Exchange, exchange } from './exchange.js';

/** The master answers reads from memory. */
const READ_TIMEOUT_MS = 2_000;
/** It asks the log for events, and waits for an apply to be stored; each of its waits ends within this. */
const LOG_TIMEOUT_MS = 15_000;
/** A thousand envelopes of events, or a farm of thousands of edges. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The master refused, or could not: its code, and its own words. */
export class MasterError extends DolphinError {
  constructor(code: DolphinError['code'], words: string) {
    super(code);
    this.message = words;
  }
}

/** The master's global API. Throws DolphinError: E_UNREACHABLE when there is no answer, else the master's own code. */
export class MasterApi {
  readonly address: string;
  readonly #token: string | null;

  constructor(address: string, token: string | null = null) {
    this.#token = token;
    this.address = address.replace(/\/+$/, '');
  }

  farm(): Promise<FarmView> {
    return this.#ask(FarmView, '/api/v1/farm', { timeoutMs: READ_TIMEOUT_MS });
  }

  hosts(): Promise<z.infer<typeof HostList>> {
    return this.#ask(HostList, '/api/v1/hosts', { timeoutMs: READ_TIMEOUT_MS });
  }

  edges(): Promise<z.infer<typeof EdgeList>> {
    return this.#ask(EdgeList, '/api/v1/edges', { timeoutMs: READ_TIMEOUT_MS });
  }

  events(after: number, limit: number): Promise<EventPage> {
    return this.#ask(EventPage, `/api/v1/events?after=${after}&limit=${limit}`, { timeoutMs: LOG_TIMEOUT_MS });
  }

  endedSessions(query: Readonly<Record<string, string>>): Promise<EndedSessionsAnswer> {
    const path = `/api/v1/sessions/ended?${new URLSearchParams(query)}`;
    return this.#ask(EndedSessionsAnswer, path, { timeoutMs: LOG_TIMEOUT_MS });
  }

  apply(body: ApplyRequest, ifMatch: number | undefined): Promise<ApplyAnswer> {
    const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` };
    const how = { method: 'POST', timeoutMs: LOG_TIMEOUT_MS, body: JSON.stringify(body), headers } as const;
    return this.#ask(ApplyAnswer, '/api/v1/apply', how);
  }

  async #ask<T>(schema: z.ZodType<T>, path: string, how: Omit<Exchange, 'maxBytes'>): Promise<T> {
    const { status, text } = await this.#exchange(path, { ...how, maxBytes: MAX_ANSWER_BYTES });
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw this.#unreachable(`HTTP ${status}, and no JSON`, cause);
    }
    if (status === 200) {
      const parsed = schema.safeParse(json);
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw this.#unreachable(`not a master of this version: ${issue?.path.map(String).join('.')}: ${issue?.message}`);
    }
    const failed = ErrorAnswer.safeParse(json);
    if (!failed.success) throw this.#unreachable(`HTTP ${status}, not from a master`);
    const { code, message } = failed.data.error;
    throw new MasterError(isErrorCode(code) ? code : 'E_INTERNAL', message);
  }

  async #exchange(path: string, how: Exchange): Promise<{ status: number; text: string }> {
    try {
      const token = this.#token !== null && { authorization: `Bearer ${this.#token}` };
      return await exchange(this.address + path, { ...how, headers: { ...how.headers, ...token } });
    } catch (error) {
      throw this.#unreachable(error instanceof Error ? error.message : String(error), error);
    }
  }

  #unreachable(why: string, cause?: unknown): DolphinError {
    return new DolphinError('E_UNREACHABLE', { what: 'the master', address: this.address, why }, { cause });
  }
}
