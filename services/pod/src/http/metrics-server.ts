import { createServer, type Server } from 'node:http';
import { DolphinError, type PodState } from '@dolphin/protocol';
import { describePortHolder } from '@dolphin/runtime';
import { METRICS_TYPE, podMetrics } from './metrics.js';

/** Scrapers come every few seconds, one or two of them. */
const MAX_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 5000;
/** How often that is looked at: by default Node does each 30 s, and the connections are few. */
const LATE_CHECK_MS = 1000;

/** Serves GET /metrics, for Prometheus, and nothing else. Rejects with E_PORT_TAKEN, E_CONFIG. */
export async function serveMetrics(at: { host: string; port: number }, state: () => PodState): Promise<Server> {
  const limits = { requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: LATE_CHECK_MS };
  const server = createServer(limits, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    podMetrics(state()).then(
      (text) => response.writeHead(200, { 'content-type': METRICS_TYPE }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  }).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EADDRINUSE') {
      throw new DolphinError('E_PORT_TAKEN', { port: at.port, holder: await describePortHolder(at.port) }, { cause });
    }
    throw new DolphinError('E_CONFIG', { where: 'metrics.listen', why: `cannot listen: ${cause.code}` }, { cause });
  });
  server.on('error', () => undefined);
  return server;
}
