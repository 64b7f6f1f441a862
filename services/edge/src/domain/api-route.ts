/** SRS's error codes that its API answers (srs_kernel_error.hpp). HTTP says 200 with all of them. */
export const API_CODE = {
  test: 100,
  rawFailed: 1060,
  rawDisabled: 1061,
  exporterDisabled: 1090,
  noVhost: 2014,
  noStream: 2048,
  noClient: 2049,
} as const;

export type ApiTable = 'vhosts' | 'streams' | 'clients';

const REPORTS = [
  ...['versions', 'summaries', 'rusages', 'self_proc_stats', 'system_proc_stats', 'meminfos', 'authors', 'features'],
] as const;

/** Answers without a parameter, whatever the method. */
export type ApiReport = (typeof REPORTS)[number];

/** What a request asks for. */
export type ApiRoute =
  | { readonly do: 'report'; readonly report: ApiReport }
  | { readonly do: 'index'; readonly of: 'root' | 'api' | 'v1' }
  | { readonly do: 'list'; readonly table: ApiTable; readonly start: number; readonly count: number }
  /** Not allowed: no row is answered, but one that is not there is still told. */
  | { readonly do: 'show'; readonly table: ApiTable; readonly id: string; readonly isAllowed: boolean }
  | { readonly do: 'refuse' }
  | { readonly do: 'kick'; readonly id: string }
  | { readonly do: 'raw'; readonly rpc: string }
  | { readonly do: 'clusters'; readonly query: ClusterQuery }
  | { readonly do: 'echo' }
  | { readonly do: 'code'; readonly code: number }
  | { readonly do: 'redirect'; readonly status: 301 | 302; readonly to: string }
  | { readonly do: 'preflight' };

export interface ClusterQuery {
  readonly ip: string;
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** SRS answers 10 to a smaller count, and 10 without one. */
const MIN_COUNT = 10;
/** These are directories: without the slash a client is sent to the one with it. */
const DIRECTORIES = new Set(['/api', '/api/v1', '/api/v1/vhosts', '/api/v1/streams', '/api/v1/clients']);
const TABLE = /^\/api\/v1\/(vhosts|streams|clients)\/(.*)$/;

/**
 * Which answer of SRS's API a request gets (srs_app_http_api.cpp, and how its mux matches). A path that is not known gets
 * the index above it, as the mux takes the longest directory that fits.
 */
export function routeApi(request: ApiRequest): ApiRoute {
  const { path, query } = request;
  const method = methodOf(request);
  if (method === 'OPTIONS') return { do: 'preflight' };
  if (DIRECTORIES.has(path)) {
    const text = query.toString();
    return { do: 'redirect', status: 302, to: `${path}/${text === '' ? '' : `?${text}`}` };
  }
  const [, table, id] = TABLE.exec(path) ?? [];
  if (table !== undefined && id !== undefined) return routeTable(method, table as ApiTable, id, query);
  const report = REPORTS.find((name) => path === `/api/v1/${name}`);
  if (report !== undefined) return { do: 'report', report };
  switch (path) {
    case '/api/v1/raw':
      return { do: 'raw', rpc: query.get('rpc') ?? '' };
    case '/api/v1/clusters':
      return { do: 'clusters', query: clusterQuery(query) };
    case '/api/v1/tests/requests':
      return { do: 'echo' };
    case '/api/v1/tests/errors':
      return { do: 'code', code: API_CODE.test };
    case '/api/v1/tests/redirects':
      return { do: 'redirect', status: 301, to: '/api/v1/tests/errors' };
    case '/metrics':
      return { do: 'code', code: API_CODE.exporterDisabled };
    default:
      return { do: 'index', of: path.startsWith('/api/v1/') ? 'v1' : path.startsWith('/api/') ? 'api' : 'root' };
  }
}

/** On the port of HTTP-FLV the API has these paths, and no others (SRS: its root and index of the site are not there). */
export function isApiPath(path: string): boolean {
  return path === '/api' || path.startsWith('/api/');
}

/** The name of the function that a JSONP answer calls; null: none is asked for, or it is no name. */
export function jsonpCallback(query: URLSearchParams): string | null {
  const name = query.get('callback') ?? '';
  // SRS writes whatever it is given: a page of somebody else's could put a script into the answer.
  return /^[\w$.]{1,64}$/.test(name) ? name : null;
}

/** A script tag, which is what JSONP is for, can only GET: it names its method in the query. */
export function methodOf({ method, query }: Pick<ApiRequest, 'method' | 'query'>): string {
  const named = query.get('method') ?? '';
  return jsonpCallback(query) !== null && ['GET', 'PUT', 'POST', 'DELETE'].includes(named) ? named : method;
}

function routeTable(method: string, table: ApiTable, id: string, query: URLSearchParams): ApiRoute {
  if (table === 'clients' && method === 'DELETE') return { do: 'kick', id };
  if (id !== '') return { do: 'show', table, id, isAllowed: method === 'GET' };
  if (method !== 'GET') return { do: 'refuse' };
  // SRS pages all but vhosts.
  if (table === 'vhosts') return { do: 'list', table, start: 0, count: Number.MAX_SAFE_INTEGER };
  const number = (name: string) => Number.parseInt(query.get(name) ?? '', 10) || 0;
  return { do: 'list', table, start: Math.max(0, number('start')), count: Math.max(MIN_COUNT, number('count')) };
}

function clusterQuery(query: URLSearchParams): ClusterQuery {
  const text = (name: string) => query.get(name) ?? '';
  return { ip: text('ip'), vhost: text('vhost'), app: text('app'), stream: text('stream') };
}
