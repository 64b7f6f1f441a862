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
import { answerAboutClients, type ClientsApi, parseJson, wholeNumber } from './client-routes.js';

export interface ControlApi {
  state(): PodState;
  happenings(after: number, limit: number): HappeningPage;
  /** The last ones, newest first; `client`: of this one only. */
  choices(last: number, client: number | null): ChoicesPage;
  obey(command: Command): Promise<CommandReply>;
  readonly clients: ClientsApi;
  stop(): void;
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
        ({ status, body }) => send(response, status, body),
        (error: unknown) => {
          const known = error instanceof DolphinError ? error : new DolphinError('E_INTERNAL', { why: String(error) });
          if (known !== error) log.error({ why: String(error) }, 'a control request failed');
          send(response, known.http, known.toAnswer());
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

async function answer(request: IncomingMessage, api: ControlApi): Promise<{ status: number; body: unknown }> {
  const url = new URL(request.url ?? '/', 'http://pod');
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /v1/state':
      return { status: 200, body: api.state() };
    case 'GET /v1/happenings': {
      const after = wholeNumber(url.searchParams, 'after', 0);
      const limit = wholeNumber(url.searchParams, 'limit', DEFAULT_PAGE);
      return { status: 200, body: api.happenings(after, limit) };
    }
    case 'GET /v1/choices': {
      const last = wholeNumber(url.searchParams, 'last', DEFAULT_CHOICES);
      const client = url.searchParams.has('client') ? wholeNumber(url.searchParams, 'client', 0) : null;
      return { status: 200, body: api.choices(last, client) };
    }
    case 'POST /v1/commands':
      return { status: 200, body: await api.obey(parseCommand(await readBody(request))) };
    case 'POST /v1/stop':
      api.stop();
      return { status: 202, body: {} };
    default: {
      const asked = { method: request.method ?? '', url, body: () => readBody(request) };
      const about = await answerAboutClients(asked, api.clients);
      if (about !== null) return about;
      throw new DolphinError('E_NOT_FOUND', { what: `${request.method} ${url.pathname}` });
    }
  }
}

function parseCommand(text: string): Command {
  const parsed = Command.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new DolphinError('E_BAD_REQUEST', { why: `${issue?.path.join('.')}: ${issue?.message}` });
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

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
