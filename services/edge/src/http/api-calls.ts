import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import type { ServerContext } from '../app/server.js';
import {
  API_CODE,
  type ApiReport,
  type ApiRequest,
  type ApiTable,
  jsonpCallback,
  routeApi,
} from '../domain/api-route.js';
import { type HttpAnswer, textAnswer } from '../domain/http-answer.js';
import { listenText } from '../net/listen.js';
import { ApiAnswers } from './api-answers.js';
import { AUTHORS, FEATURES, INDEX_API, INDEX_ROOT, INDEX_V1 } from './api-texts.js';
import { memInfos, rusages } from './host-stats.js';
import { ProcStats } from './proc-stats.js';

type Answer = { json: object } | { redirect: string; status: 301 | 302 } | { status: 200 | 405 };

export interface ApiIdentity {
  readonly server: string;
  /** Random per life of the process. */
  readonly service: string;
}

/** LiveSettings is one. */
export interface Reloads {
  readonly last: object;
  reload(): void;
}

/** SRS's HTTP API: the answers have SRS's shapes and codes, HTTP says 200 also on errors. */
export class ApiCalls {
  readonly #context: ServerContext;
  readonly #identity: ApiIdentity;
  readonly #reloads: Reloads;
  readonly #answers: ApiAnswers;
  readonly #stats = new ProcStats();
  readonly #startedMs: number;

  constructor(context: ServerContext, identity: ApiIdentity, reloads: Reloads) {
    this.#context = context;
    this.#identity = identity;
    this.#reloads = reloads;
    this.#answers = new ApiAnswers(context);
    this.#startedMs = context.timers.now();
  }

  /** Never throws: it stands beside players, who have nothing to do with it. `host`: as the client names the server. */
  answer(asked: ApiRequest, host: string): HttpAnswer {
    try {
      return httpAnswer(this.#answer(asked, host), jsonpCallback(asked.query));
    } catch (error) {
      this.#context.log.warn({ err: error, path: asked.path }, 'an API call failed');
      return textAnswer(500);
    }
  }

  #answer(asked: ApiRequest, host: string): Answer {
    const route = routeApi(asked);
    switch (route.do) {
      case 'report':
        return this.#good({ data: this.#report(route.report) });
      case 'index':
        return this.#good(route.of === 'v1' ? INDEX_V1 : route.of === 'api' ? INDEX_API : INDEX_ROOT);
      case 'list':
        return this.#good({ [route.table]: this.#rows(route.table).slice(route.start, route.start + route.count) });
      case 'show':
        return this.#show(route.table, route.id, route.isAllowed);
      case 'kick':
        return this.#kick(route.id);
      case 'raw':
        return this.#raw(route.rpc);
      case 'clusters':
        return { json: { code: 0, data: { query: route.query, origin: null } } };
      case 'echo':
        return this.#good({ data: echo(asked, host) });
      case 'code':
        return { json: { code: route.code } };
      case 'redirect':
        return { redirect: route.to, status: route.status };
      case 'refuse':
        return { status: 405 };
      case 'preflight':
        return { status: 200 };
      default:
        return route satisfies never;
    }
  }

  #report(report: ApiReport): object {
    switch (report) {
      case 'versions':
        return version();
      case 'summaries':
        return this.#summaries();
      case 'rusages':
        return rusages();
      case 'self_proc_stats':
        return this.#stats.selfProcStats();
      case 'system_proc_stats':
        return this.#stats.systemProcStats();
      case 'meminfos':
        return memInfos();
      case 'authors':
        return AUTHORS;
      case 'features':
        return { options: '', options2: '', build: DOLPHIN_VERSION, build2: '', features: FEATURES };
      default:
        return report satisfies never;
    }
  }

  #rows(table: ApiTable): readonly { id: string }[] {
    switch (table) {
      case 'vhosts':
        return this.#answers.vhosts();
      case 'streams':
        return this.#answers.streams();
      case 'clients':
        return this.#answers.clients();
      default:
        return table satisfies never;
    }
  }

  #show(table: ApiTable, id: string, isAllowed: boolean): Answer {
    const row = table === 'clients' ? this.#answers.client(id) : this.#rows(table).find((each) => each.id === id);
    if (row === undefined || row === null) return { json: { code: NOT_FOUND[table] } };
    return isAllowed ? this.#good({ [table.slice(0, -1)]: row }) : { status: 405 };
  }

  #kick(id: string): Answer {
    const row = this.#context.clients.get(id);
    if (row === undefined) return { json: { code: API_CODE.noClient } };
    this.#context.log.info({ client: id }, 'kicked');
    row.client.close('kicked');
    return this.#good({});
  }

  #raw(rpc: string): Answer {
    const { rawApi, api, apiCrossDomain } = this.#context.settings;
    if (rpc === 'raw') {
      const raw_api = { enabled: rawApi.enabled, allow_reload: rawApi.allowReload, ...RAW_NEVER };
      const listen = api === null ? '' : listenText(api);
      return { json: { code: 0, http_api: { enabled: true, listen, crossdomain: apiCrossDomain, raw_api } } };
    }
    if (!rawApi.enabled) return { json: { code: API_CODE.rawDisabled } };
    if (rpc === 'reload-fetch') return { json: { code: 0, data: this.#reloads.last } };
    if (rpc !== 'reload') return { json: { code: API_CODE.rawFailed } };
    if (!rawApi.allowReload) return { json: { code: API_CODE.rawDisabled } };
    this.#reloads.reload();
    return { json: { code: 0 } };
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

const NOT_FOUND: Readonly<Record<ApiTable, number>> = {
  vhosts: API_CODE.noVhost,
  streams: API_CODE.noStream,
  clients: API_CODE.noClient,
};
/** SRS 5 took both calls away and still says so. */
const RAW_NEVER = { allow_query: false, allow_update: false };

function version() {
  const [major = 0, minor = 0, revision = 0] = DOLPHIN_VERSION.split('.').map((part) => Number.parseInt(part, 10));
  return { major, minor, revision, version: DOLPHIN_VERSION };
}

/** `tests/requests`. Under `headers` SRS gives what it is itself, and so its spelling `sigature` is in every client. */
function echo({ method, path }: ApiRequest, host: string) {
  const headers = { sigature: 'dolphin', version: DOLPHIN_VERSION, link: '', time: Date.now() };
  return { uri: `http://${host.replace(/:\d+$/, '')}${path}`, path, METHOD: method, headers };
}

function httpAnswer(answer: Answer, callback: string | null): HttpAnswer {
  if ('redirect' in answer) {
    const text = Buffer.from(`Redirect to ${answer.redirect}`);
    return { ...textAnswer(answer.status, { Location: answer.redirect }), body: text };
  }
  if ('status' in answer) return answer.status === 200 ? { status: 200 } : textAnswer(405);
  const json = JSON.stringify(answer.json);
  return callback === null
    ? { status: 200, headers: { 'Content-Type': 'application/json' }, body: Buffer.from(json) }
    : { status: 200, headers: { 'Content-Type': 'text/javascript' }, body: Buffer.from(`${callback}(${json})`) };
}
