import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import type { ServerContext } from '../app/server.js';
import { ApiAnswers, page } from './api-answers.js';
import { ProcStats } from './proc-stats.js';

/** SRS's error codes (srs_kernel_error.hpp). */
const CODE = { rawFailed: 1060, rawDisabled: 1061, noStream: 2048, noClient: 2049 } as const;
/** The API is for a pod, a master's CLI and a person, not for players. */
const MAX_CONNECTIONS = 64;
const TIMEOUT_MS = 5000;

type Answer = { json: object } | { redirect: string } | { status: 405 };

export interface ApiIdentity {
  readonly server: string;
  /** Random per life of the process. */
  readonly service: string;
}

const INDEX = {
  versions: 'the version of the server',
  summaries: 'the summary (pid, argv, cwd, cpu, mem) of the server',
  self_proc_stats: 'the self process stats',
  vhosts: 'manage all vhosts or specified vhost',
  streams: 'manage all streams or specified stream',
  clients: 'manage all clients or specified client, default query top 10 clients',
  raw: 'raw api: rpc=raw',
};

/** SRS's HTTP API, private to this edge: the answers have SRS's shapes and codes, HTTP says 200 also on errors. */
export class ApiServer {
  readonly #context: ServerContext;
  readonly #identity: ApiIdentity;
  readonly #answers: ApiAnswers;
  readonly #stats = new ProcStats();
  readonly #startedMs: number;
  readonly server: Server;

  constructor(context: ServerContext, identity: ApiIdentity) {
    this.#context = context;
    this.#identity = identity;
    this.#answers = new ApiAnswers(context);
    this.#startedMs = context.timers.now();
    const limits = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, maxHeaderSize: 16 * 1024 };
    this.server = createServer(limits, (request, response) => this.#onRequest(request, response));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.resume();
    try {
      const url = new URL(request.url ?? '/', 'http://edge');
      if (request.method === 'OPTIONS') send(response, 200, '', 'text/plain');
      else reply(response, this.#answer(request.method ?? '', url), url.searchParams.get('callback'));
    } catch (error) {
      this.#context.log.warn({ err: error }, 'an API call failed');
      send(response, 400, 'bad request', 'text/plain');
    }
  }

  #answer(method: string, { pathname: path, searchParams: query }: URL): Answer {
    if (method !== 'GET' && method !== 'DELETE') return { status: 405 };
    const [, table, id] = /^\/api\/v1\/(vhosts|streams|clients)\/([^/]*)$/.exec(path) ?? [];
    if (table !== undefined && id !== undefined) {
      if (method === 'DELETE') return table === 'clients' ? this.#kick(id) : { status: 405 };
      return this.#table(table, id, query);
    }
    if (method === 'DELETE') return { status: 405 };
    switch (path) {
      case '/api':
      case '/api/v1':
      case '/api/v1/vhosts':
      case '/api/v1/streams':
      case '/api/v1/clients':
        return { redirect: `${path}/` };
      case '/api/':
        return this.#good({ urls: { v1: 'the api version 1.0' } });
      case '/api/v1/versions':
        return this.#good({ data: version() });
      case '/api/v1/summaries':
        return this.#good({ data: this.#summaries() });
      case '/api/v1/self_proc_stats':
        return this.#good({ data: this.#stats.selfProcStats() });
      case '/api/v1/raw':
        return this.#raw(query.get('rpc'));
      default:
        // SRS matches by the longest prefix: whatever it does not know gets the index above it.
        return path.startsWith('/api/v1/')
          ? this.#good({ urls: INDEX })
          : this.#good({ urls: { api: 'the api root' } });
    }
  }

  #table(table: string, id: string, query: URLSearchParams): Answer {
    switch (table) {
      case 'vhosts': {
        const all = this.#answers.vhosts();
        if (id === '') return this.#good({ vhosts: all });
        const vhost = all.find((each) => each.id === id);
        return vhost === undefined ? { json: { code: CODE.noStream } } : this.#good({ vhost });
      }
      case 'streams': {
        const all = this.#answers.streams();
        if (id === '') return this.#good({ streams: page(all, query) });
        const stream = all.find((each) => each.id === id);
        return stream === undefined ? { json: { code: CODE.noStream } } : this.#good({ stream });
      }
      default: {
        if (id === '') return this.#good({ clients: page(this.#answers.clients(), query) });
        const client = this.#answers.client(id);
        return client === null ? { json: { code: CODE.noClient } } : this.#good({ client });
      }
    }
  }

  #kick(id: string): Answer {
    const row = this.#context.clients.get(id);
    if (row === undefined) return { json: { code: CODE.noClient } };
    this.#context.log.info({ client: id }, 'kicked');
    row.client.close('kicked');
    return this.#good({});
  }

  #raw(rpc: string | null): Answer {
    const { rawApi } = this.#context.settings;
    if (rpc === 'raw') return { json: { code: 0, http_api: { enabled: true, raw_api: { enabled: rawApi } } } };
    if (!rawApi) return { json: { code: CODE.rawDisabled } };
    if (rpc === 'reload' || rpc === 'reload-fetch') {
      return { json: { code: CODE.rawFailed, message: 'reload is not there yet in this version' } };
    }
    return { json: { code: CODE.rawFailed } };
  }

  #summaries() {
    const { clients, timers } = this.#context;
    const { sent, received } = clients.totals();
    return {
      ok: true,
      now_ms: Date.now(),
      self: this.#stats.self(DOLPHIN_VERSION, timers.now() - this.#startedMs),
      system: this.#stats.system({ sent, received, connections: clients.count }),
    };
  }

  #good(content: object): Answer {
    const { server, service } = this.#identity;
    return { json: { code: 0, server, service, pid: String(process.pid), ...content } };
  }
}

function version() {
  const [major = 0, minor = 0, revision = 0] = DOLPHIN_VERSION.split('.').map((part) => Number.parseInt(part, 10));
  return { major, minor, revision, version: DOLPHIN_VERSION };
}

function reply(response: ServerResponse, answer: Answer, callback: string | null): void {
  if ('status' in answer) {
    send(response, answer.status, 'Method Not Allowed', TEXT);
  } else if ('redirect' in answer) {
    response.setHeader('Location', answer.redirect);
    send(response, 302, `Redirect to ${answer.redirect}`, TEXT);
  } else if (callback !== null && /^[\w$.]{1,64}$/.test(callback)) {
    send(response, 200, `${callback}(${JSON.stringify(answer.json)})`, 'text/javascript');
  } else {
    send(response, 200, JSON.stringify(answer.json), 'application/json');
  }
}

const TEXT = 'text/plain; charset=utf-8';

/** The connection closes: a kept one would outlive a poll and stand among the edge's few. */
function send(response: ServerResponse, status: number, text: string, type: string): void {
  response.writeHead(status, {
    Connection: 'Close',
    'Content-Length': Buffer.byteLength(text),
    'Content-Type': type,
    'Access-Control-Allow-Origin': '*',
    Server: `dolphin/${DOLPHIN_VERSION}`,
  });
  response.end(text);
}
