import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  type ChoicesPage,
  Command,
  type CommandReply,
  DolphinError,
  type HappeningPage,
  MAX_COMMAND_BYTES,
  POD_SOCKET_NAME,
  type PodState,
} from '@dolphin/protocol';
import type { Log } from '../app/ports.js';
import { answerAboutClients, type ClientsApi } from './client-routes.js';
import { type Answer, accepted, type ControlRequest, ok, parseBody, wholeNumber } from './control-request.js';
import { answerAboutEdges, type EdgesApi } from './edge-routes.js';
import { METRICS_TYPE, podMetrics } from './metrics.js';

export interface ControlApi {
  state(): PodState;
  happenings(after: number, limit: number): HappeningPage;
  /** The last ones, newest first; `client`: of this one only. */
  choices(last: number, client: number | null): ChoicesPage;
  obey(command: Command): Promise<CommandReply>;
  readonly clients: ClientsApi;
  readonly edges: EdgesApi;
  /** `deadlineMs`: how long clients may stay; null: as configured. */
  stop(deadlineMs: number | null): void;
}

/** sockaddr_un. */
const MAX_SOCKET_PATH_BYTES = 107;
const DEFAULT_PAGE = 500;
const DEFAULT_CHOICES = 20;

/**
 * The control API (libs/protocol pod-control.ts) on RUN_DIR/pod.sock, for this user only. The caller holds the run
 * directory's lock, so a socket that is there already is a dead pod's.
 */
export async function serveControl(runDir: string, api: ControlApi, log: Log): Promise<Server> {
  const path = join(runDir, POD_SOCKET_NAME);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new DolphinError('E_CONFIG', { where: '--run-dir', why: `${path} is too long for a unix socket` });
  }
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    answer(request, api)
      .then(
        (answered) => send(response, answered),
        (error: unknown) => {
          const known = error instanceof DolphinError ? error : new DolphinError('E_INTERNAL', { why: String(error) });
          if (known !== error) log.error({ why: String(error) }, 'a control request failed');
          send(response, { status: known.http, body: known.toAnswer() });
        },
      )
      .catch(() => response.destroy());
  });
  // 0600 from its first moment: a chmod afterwards would leave a gap.
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(umask);
  }
  server.on('error', (error) => log.error({ why: error.message }, 'the control socket has a problem'));
  return server;
}

async function answer(incoming: IncomingMessage, api: ControlApi): Promise<Answer> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://pod');
  const request: ControlRequest = {
    method: incoming.method ?? '',
    path: pathname,
    query: searchParams,
    body: () => readBody(incoming),
  };
  const answered =
    (await answerAboutPod(request, api)) ??
    (await answerAboutClients(request, api.clients)) ??
    (await answerAboutEdges(request, api.edges));
  if (answered === null) throw new DolphinError('E_NOT_FOUND', { what: `${request.method} ${request.path}` });
  return answered;
}

async function answerAboutPod({ method, path, query, body }: ControlRequest, api: ControlApi): Promise<Answer | null> {
  switch (`${method} ${path}`) {
    case 'GET /v1/state':
      return ok(api.state());
    case 'GET /metrics':
      return { status: 200, body: Buffer.from(await podMetrics(api.state())), type: METRICS_TYPE };
    case 'GET /v1/happenings':
      return ok(api.happenings(wholeNumber(query, 'after', 0), wholeNumber(query, 'limit', DEFAULT_PAGE)));
    case 'GET /v1/choices':
      return ok(api.choices(wholeNumber(query, 'last', DEFAULT_CHOICES), wholeNumber(query, 'client', null)));
    case 'POST /v1/commands':
      return ok(await api.obey(parseBody(Command, await body())));
    case 'POST /v1/stop':
      api.stop(wholeNumber(query, 'deadlineMs', null));
      return accepted({});
    default:
      return null;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_COMMAND_BYTES) {
      throw new DolphinError('E_TOO_LARGE', { what: 'the body', limitBytes: MAX_COMMAND_BYTES });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, type = 'application/json' }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const text = Buffer.isBuffer(body) ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
