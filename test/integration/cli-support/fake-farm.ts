import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type EdgeView, ERRORS, type ErrorCode, type FarmView } from '@dolphin/protocol';
import { onCleanup, type TestScope } from '../../support/cleanup.js';
import { fromRoot } from '../../support/paths.js';
import { run } from '../../support/processes.js';
import { edgeView, farmView } from '../../unit/cli/samples.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export interface Answer {
  readonly status?: number;
  /** Sent as JSON, unless it is a text. */
  readonly body: unknown;
}
/** Null: it never answers, like a frozen process, whose kernel still accepts. */
type Answering = (asked: Asked) => Answer | null;

/** A server on loopback; gives its address. */
export async function serve(t: TestScope, answer: Answering): Promise<string> {
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const body = await text(request);
    const { method = 'GET', headers } = request;
    const given = answer({ method, path: url.pathname, query: url.searchParams, headers, body });
    if (given === null) return;
    response.statusCode = given.status ?? 200;
    response.end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onCleanup(t, async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A master that answers these paths: `GET /api/v1/farm`, …; everything else is E_NOT_FOUND. */
export function fakeMaster(t: TestScope, routes: Readonly<Record<string, Answering>>): Promise<string> {
  return serve(t, (asked) => {
    const route = routes[`${asked.method} ${asked.path}`];
    return route ? route(asked) : refusal('E_NOT_FOUND', `${asked.method} ${asked.path} is not there`);
  });
}

export function refusal(code: ErrorCode, message: string): Answer {
  const { http, retryable } = ERRORS[code];
  return { status: http, body: { error: { code, message, retryable } } };
}

const sample = (path: string) => JSON.parse(readFileSync(fromRoot('test/data', path), 'utf8'));

interface FakeEdge {
  readonly pid: number;
  readonly clients: number;
  /** So many of the clients; the first ones listed. */
  readonly publishers?: number;
  readonly sendKbitPerS?: number;
}

/** A private API with the shapes of a real SRS 5.0: this pid, and so many clients on its one stream. */
export function fakeEdge(t: TestScope, o: FakeEdge): Promise<string> {
  const summaries = sample('srs5-api/edge_summaries.json');
  summaries.data.self.pid = o.pid;
  const streams = sample('srs5-api/edge_streams.json');
  Object.assign(streams.streams[0], { clients: o.clients, kbps: { recv_30s: 0, send_30s: o.sendKbitPerS ?? 0 } });
  const clients = sample('srs5-api/edge_clients.json');
  const publishes = { type: 'fmle-publish', publish: true };
  clients.clients = Array.from({ length: o.clients }, (_, index) => ({
    ...{ ...clients.clients[0], id: `c${index}`, stream: streams.streams[0].id },
    ...(index < (o.publishers ?? 0) && publishes),
  }));
  const answers = { '/api/v1/summaries': summaries, '/api/v1/streams/': streams, '/api/v1/clients/': clients };
  return privateApi(t, answers);
}

/** Like SRS, it answers a path without its slash with a 302. */
export function privateApi(t: TestScope, answers: Readonly<Record<string, unknown>>): Promise<string> {
  return serve(t, ({ path }) => {
    const body = answers[path];
    return body === undefined ? { status: 302, body: 'Found' } : { body };
  });
}

/** A farm of one host: a back source, and a stream edge for each of these addresses of private APIs. */
export async function fakeFarm(t: TestScope, apis: readonly string[], more: Partial<FarmView> = {}): Promise<FarmView> {
  const back = await fakeEdge(t, { pid: 5000, clients: apis.length });
  const edges: EdgeView[] = apis.map((api, slot) => edgeView(slot, { api }));
  return farmView({ edges: [edgeView('back-source', { api: back }), ...edges], ...more });
}

export const cliMain = fromRoot('bin/dolphin-cli');

/** Runs dolphin-cli as a process of its own, with nothing of our environment in it. */
export function cli(t: TestScope, api: string, ...args: string[]) {
  const env = { PATH: process.env['PATH'] ?? '', TZ: 'UTC' };
  return run(t, process.execPath, [cliMain, '--api', api, ...args], { env });
}
