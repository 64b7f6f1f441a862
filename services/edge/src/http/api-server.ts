import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import type { ServerContext } from '../app/server.js';
import { type HttpAnswer, textAnswer } from '../domain/http-answer.js';
import type { ApiCalls } from './api-calls.js';

/** The API is for a pod, a master's CLI and a person, not for players. */
const MAX_CONNECTIONS = 64;
const TIMEOUT_MS = 5000;
/** How often that is looked at: by default Node does each 30 s, and the connections are few. */
const LATE_CHECK_MS = 1000;

/** The API on a port of its own, private to this edge. */
export function apiServer(context: ServerContext, calls: ApiCalls): Server {
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.resume();
    if (context.settings.apiCrossDomain && request.headers.origin !== undefined) allowOrigins(response);
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://edge');
      const asked = { method: request.method ?? '', path: pathname, query: searchParams };
      send(response, calls.answer(asked, request.headers.host ?? ''));
    } catch (error) {
      context.log.debug({ err: error }, 'an API call cannot be read');
      send(response, textAnswer(400));
    }
  };
  const limits = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, maxHeaderSize: 16 * 1024 };
  const server = createServer({ ...limits, connectionsCheckingInterval: LATE_CHECK_MS }, onRequest);
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

/** A page of any site may ask. It can as well kick: the API is not for public addresses. */
function allowOrigins(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  for (const what of ['Headers', 'Methods']) response.setHeader(`Access-Control-Allow-${what}`, '*');
  response.setHeader('Access-Control-Expose-Headers', '*');
  response.setHeader('Access-Control-Allow-Credentials', 'false');
}

/** The connection closes: a kept one would outlive a poll and stand among the edge's few. */
function send(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, {
    Connection: 'Close',
    'Content-Length': body?.length ?? 0,
    ...headers,
    Server: `dolphin/${DOLPHIN_VERSION}`,
  });
  response.end(body);
}
