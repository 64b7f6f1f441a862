import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { Admission } from '@dolphin/edge/app/admission.js';
import { Beats } from '@dolphin/edge/app/beats.js';
import { Clients } from '@dolphin/edge/app/clients.js';
import { HookCalls, type PostHook } from '@dolphin/edge/app/hook-calls.js';
import type { HttpRoute } from '@dolphin/edge/app/http-routes.js';
import { noTrouble, type ServerContext } from '@dolphin/edge/app/server.js';
import { Streams } from '@dolphin/edge/app/streams.js';
import type { Dial } from '@dolphin/edge/app/upstream.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { HttpConnection } from '@dolphin/edge/net/http-connection.js';
import { ByteAccount } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';
import { openClient } from '../../support/raw-client.js';
import { TurnedClock } from '../../support/turned-clock.js';

/** A server of nothing but HTTP connections, with routes and a clock of the test's. */
export async function startHttpServer(t: TestContext, httpRoutes: readonly HttpRoute[]) {
  const serve = (socket: Socket, context: ServerContext) =>
    void new HttpConnection(socket, context, { handedOff: false });
  return await startServer(t, { httpRoutes, serve });
}

export interface ServerParts {
  readonly serve: (socket: Socket, context: ServerContext) => void;
  readonly httpRoutes?: readonly HttpRoute[];
  /** Inside the vhost. */
  readonly vhost?: string;
  readonly dial?: Dial;
  /** Hooks that are asked never answer without it. */
  readonly post?: PostHook;
}

/** A server of one kind of connections, with a clock of the test's. */
export async function startServer(t: TestContext, parts: ServerParts) {
  const { serve, httpRoutes = [], vhost = '', dial = noDial, post = () => () => undefined } = parts;
  const { settings } = readSettings(parseConf(`listen 1; vhost __defaultVhost__ { ${vhost} }`, 'edge.conf'));
  const clock = new TurnedClock();
  const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
  const random = Math.random;
  const trouble = noTrouble();
  const context: ServerContext = {
    settings,
    streams: new Streams({
      serverId: 'edge',
      serviceId: 'life',
      chunkSize: 60_000,
      pull: { dial, timers: clock, log, random },
      tapsOf: () => [],
      trouble,
    }),
    clients: new Clients(100),
    unfinished: new ByteAccount(1024 * 1024),
    timers: clock,
    beats: new Beats(clock),
    log,
    random,
    trouble,
    httpRoutes,
    serviceId: 'life',
    admission: new Admission({
      server: { serverId: 'edge', serviceId: 'life' },
      calls: new HookCalls({ post, timers: clock, log, onDropped: () => undefined, onCrowded: () => undefined }),
      showToken: async () => ({ is: 'accepted' }),
    }),
  };
  const server = createServer((socket) => serve(socket, context));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const { client } of context.clients.all()) client.close('edge-stopped');
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { context, clock, port, open: () => openClient(t, port) };
}

const noDial: Dial = () => ({ close: () => undefined, send: () => true });
