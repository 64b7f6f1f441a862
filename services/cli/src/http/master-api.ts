import {
  ApplyAnswer,
  type ApplyRequest,
  type DrainRequest,
  EdgeList,
  EndedSessionsAnswer,
  EventPage,
  type FarmView,
  HostList,
  InitAnswer,
  type InitRequest,
  KickAnswer,
  LiveSessionsAnswer,
  OperatorAnswer,
  type OperatorRequest,
  PlanAnswer,
  type PlanRequest,
  type RollbackRequest,
  SpecHistory,
} from '@dolphin/protocol';
import type { z } from 'zod';
import { askFarm } from './ask-farm.js';
import { type Followed, followMaster } from './event-source.js';
import type { MasterCall, MasterClient } from './master-client.js';
import { readWith } from './read-with.js';
import { LOG_TIMEOUT_MS, READ_TIMEOUT_MS } from './timeouts.js';

export interface HostCall {
  readonly action: 'cordon' | 'uncordon' | 'drain' | 'undrain';
  readonly host: string;
}
export interface EdgeCall {
  readonly action: 'drain' | 'undrain' | 'restart' | 'kill';
  readonly host: string;
  /** `stream-0` */
  readonly edge: string;
}

/** The calls of the global API. Each throws as MasterClient does. */
export class MasterApi {
  readonly #client: MasterClient;

  constructor(client: MasterClient) {
    this.#client = client;
  }

  async farm(): Promise<FarmView> {
    return (await askFarm(this.#client)).value;
  }

  hosts(): Promise<z.infer<typeof HostList>> {
    return this.#ask(HostList, { path: '/api/v1/hosts', timeoutMs: READ_TIMEOUT_MS });
  }

  edges(): Promise<z.infer<typeof EdgeList>> {
    return this.#ask(EdgeList, { path: '/api/v1/edges', timeoutMs: READ_TIMEOUT_MS });
  }

  events(after: number, limit: number): Promise<EventPage> {
    return this.#ask(EventPage, { path: `/api/v1/events?after=${after}&limit=${limit}`, timeoutMs: LOG_TIMEOUT_MS });
  }

  /** Where masters are, in the order in which they are asked. */
  get addresses(): readonly string[] {
    return this.#client.addresses;
  }

  /** Of this master: the log after a sequence, as it comes. Throws as followMaster does, and what the master refuses. */
  follow(address: string, after: number): AsyncGenerator<Followed> {
    return followMaster(address, { after, headers: this.#client.headers });
  }

  liveSessions(query: Readonly<Record<string, string>>): Promise<LiveSessionsAnswer> {
    const path = `/api/v1/sessions?${new URLSearchParams(query)}`;
    return this.#ask(LiveSessionsAnswer, { path, timeoutMs: LOG_TIMEOUT_MS });
  }

  /** Without a host all are asked for the client. */
  kick(session: string, host: string | undefined, body: OperatorRequest): Promise<KickAnswer> {
    const path = `/api/v1/sessions/${session}${host === undefined ? '' : `?host=${encodeURIComponent(host)}`}`;
    return this.#ask(KickAnswer, { path, method: 'DELETE', timeoutMs: LOG_TIMEOUT_MS, body: JSON.stringify(body) });
  }

  endedSessions(query: Readonly<Record<string, string>>): Promise<EndedSessionsAnswer> {
    const path = `/api/v1/sessions/ended?${new URLSearchParams(query)}`;
    return this.#ask(EndedSessionsAnswer, { path, timeoutMs: LOG_TIMEOUT_MS });
  }

  init(body: InitRequest): Promise<InitAnswer> {
    return this.#post(InitAnswer, '/api/v1/init', body);
  }

  apply(body: ApplyRequest, ifMatch: number | undefined): Promise<ApplyAnswer> {
    return this.#post(ApplyAnswer, '/api/v1/apply', body, ifMatch);
  }

  plan(body: PlanRequest): Promise<PlanAnswer> {
    return this.#post(PlanAnswer, '/api/v1/plan', body);
  }

  history(): Promise<SpecHistory> {
    return this.#ask(SpecHistory, { path: '/api/v1/history', timeoutMs: LOG_TIMEOUT_MS });
  }

  rollback(body: RollbackRequest, ifMatch: number | undefined): Promise<ApplyAnswer> {
    return this.#post(ApplyAnswer, '/api/v1/rollback', body, ifMatch);
  }

  /** Of a host, or of one edge of it. */
  steer(call: HostCall | EdgeCall, body: OperatorRequest | DrainRequest): Promise<OperatorAnswer> {
    const host = encodeURIComponent(call.host);
    const what = 'edge' in call ? `edges/${host}/${encodeURIComponent(call.edge)}` : `hosts/${host}`;
    return this.#post(OperatorAnswer, `/api/v1/${what}/${call.action}`, body);
  }

  removeHost(host: string, body: OperatorRequest): Promise<OperatorAnswer> {
    const path = `/api/v1/hosts/${encodeURIComponent(host)}`;
    return this.#ask(OperatorAnswer, { path, method: 'DELETE', timeoutMs: LOG_TIMEOUT_MS, body: JSON.stringify(body) });
  }

  #post<T>(schema: z.ZodType<T>, path: string, body: unknown, ifMatch?: number): Promise<T> {
    const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` };
    return this.#ask(schema, { path, method: 'POST', timeoutMs: LOG_TIMEOUT_MS, body: JSON.stringify(body), headers });
  }

  async #ask<T>(schema: z.ZodType<T>, call: MasterCall): Promise<T> {
    return (await this.#client.ask(call, readWith(schema))).value;
  }
}
