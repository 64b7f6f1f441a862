import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { ByteAccount } from '@dolphin/media';
import type { ClientProtocol } from '@dolphin/protocol';
import { createLogger, Lifecycle, type Logger, onTermination } from '@dolphin/runtime';
import { ConfError, loadConf } from '@dolphin/srs/conf.js';
import { type Client, Clients } from './app/clients.js';
import { flvRoute } from './app/http-routes.js';
import { keepWatch } from './app/keep-watch.js';
import type { Timers } from './app/ports.js';
import { type ServerContext, TOTAL_UNFINISHED_BYTES } from './app/server.js';
import { Streams } from './app/streams.js';
import { parseEdgeFlags, USAGE, versionText } from './domain/command-line.js';
import { processTitle } from './domain/process-title.js';
import { randomId } from './domain/random-id.js';
import { type EdgeSettings, type ListenAt, readSettings } from './domain/settings.js';
import { ApiServer } from './http/api-server.js';
import { PodLink, processChannel } from './ipc/pod-link.js';
import type { ConnectionOptions } from './net/client-connection.js';
import { HttpConnection } from './net/http-connection.js';
import { ListenError, listen, listenText, mediaServer } from './net/listen.js';
import { RtmpConnection } from './net/rtmp-connection.js';
import { rtmpDial } from './net/rtmp-upstream.js';
import { checkFileLimit, claimPidFile, enterWorkDir } from './process/claims.js';

/** SRS's exit codes. */
const EXIT_BAD_CONF = 255;
const EXIT_PORT_TAKEN = 234;
const TITLE_EVERY_MS = 1000;

const systemTimers: Timers = {
  now: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** The edge's composition root: its command line, then the server for as long as it lives. */
export async function main(argv: readonly string[]): Promise<void> {
  const command = parseEdgeFlags(argv);
  switch (command.do) {
    case 'usage':
      process.stderr.write(`${command.why === '' ? '' : `dolphin-edge: ${command.why}\n`}${USAGE}`);
      process.exitCode = command.why === '' ? 0 : EXIT_BAD_CONF;
      return;
    case 'version':
      process.stdout.write(`${versionText(command.long)}\n`);
      return;
    case 'run':
    case 'test':
      await readAndRun(command.conf, command.do === 'test');
      return;
    default:
      command satisfies never;
  }
}

async function readAndRun(file: string, testOnly: boolean): Promise<void> {
  const log = createLogger({ component: 'edge' });
  try {
    const directives = loadConf(file, (path) => readFileSync(path, 'utf8'));
    if (directives.length === 0) throw new ConfError(file, 1, 'an empty conf');
    const { settings, warnings } = readSettings(directives);
    for (const warning of warnings) log.warn({ at: `${warning.file}:${warning.line}` }, warning.why);
    checkFileLimit(settings, file);
    if (testOnly) process.stderr.write(`dolphin-edge: the conf ${file} is good\n`);
    else await run(settings, log);
  } catch (error) {
    if (error instanceof ConfError) fail(error.message, EXIT_BAD_CONF);
    else if (error instanceof ListenError) fail(`cannot listen on ${error.message}`, EXIT_PORT_TAKEN);
    else throw error;
  }
}

function fail(why: string, exitCode: number): never {
  process.stderr.write(`dolphin-edge: ${why}\n`);
  process.exit(exitCode);
}

async function run(settings: EdgeSettings, log: Logger): Promise<void> {
  enterWorkDir(settings);
  const lifecycle = new Lifecycle(log);
  const stop = async (why: string) => {
    log.info({ why }, 'stopping');
    await lifecycle.stop();
    process.exit(0);
  };
  onTermination((signal) => void stop(signal));
  process.on('SIGHUP', () => log.warn('reload is not there yet: SIGHUP is ignored'));

  const context = makeContext(settings, log);
  const { streams, clients, timers, random } = context;
  lifecycle.add('streams', () => streams.stop());
  lifecycle.add('clients', () => {
    for (const { client } of clients.all()) client.close('edge-stopped');
  });
  lifecycle.add('watch', keepWatch(context));
  lifecycle.add('title', keepTitle(context));

  const serve = (socket: Socket, protocol: ClientProtocol, options: ConnectionOptions): Client | null => {
    if (clients.isFull && !clients.makeRoom(timers.now())) {
      context.trouble.refused++;
      socket.destroy();
      options.onClosed?.({ end: 'limit', sentBytes: 0, receivedBytes: 0 });
      return null;
    }
    return protocol === 'rtmp'
      ? new RtmpConnection(socket, context, options)
      : new HttpConnection(socket, context, options);
  };
  const open = async (server: Server, at: ListenAt, name: string) => {
    await listen(server, at);
    lifecycle.add(`${name} ${listenText(at)}`, () => void server.close());
  };
  for (const at of settings.rtmp)
    await open(
      mediaServer((socket) => serve(socket, 'rtmp', { handedOff: false })),
      at,
      'rtmp',
    );
  if (settings.http)
    await open(
      mediaServer((socket) => serve(socket, 'http', { handedOff: false })),
      settings.http,
      'http',
    );
  if (settings.api) {
    const api = new ApiServer(context, { server: streams.serverId, service: randomId(8, random) });
    await open(api.server, settings.api, 'api');
  }
  claimPidFile(settings, lifecycle);

  const channel = processChannel(process);
  if (channel !== null) {
    const link = new PodLink({
      channel,
      timers,
      log,
      take: (socket, protocol, { address, ...news }) =>
        serve(socket, protocol, { handedOff: true, ...news, ...(address !== undefined && { address }) }),
      beat: () => {
        const { sent, received } = clients.totals();
        return { clients: clients.count, streams: streams.count, sentBytes: sent, receivedBytes: received };
      },
      onPodGone: () => void stop('the pod is gone'),
    });
    link.start();
    lifecycle.add('pod link', () => link.stop());
  }
  const listens = { rtmp: settings.rtmp.map(listenText), http: settings.http && listenText(settings.http) };
  log.info({ serverId: streams.serverId, ...listens, handOff: channel !== null }, 'ready');
}

/** For ps and top. */
function keepTitle({ streams, clients }: ServerContext): () => void {
  const timer = setInterval(() => {
    process.title = processTitle(streams.serverId, clients.count);
  }, TITLE_EVERY_MS);
  return () => clearInterval(timer);
}

function makeContext(settings: EdgeSettings, log: Logger): ServerContext {
  const random = Math.random;
  const timers = systemTimers;
  const newId = () => `vid-${randomId(7, random)}`;
  const dial = rtmpDial(timers, settings.chunkSize);
  return {
    settings,
    streams: new Streams({
      serverId: settings.serverId ?? newId(),
      chunkSize: settings.chunkSize,
      pull: { dial, timers, log, random },
      tapsOf: () => [],
    }),
    clients: new Clients(settings.maxConnections),
    unfinished: new ByteAccount(TOTAL_UNFINISHED_BYTES),
    timers,
    log,
    random,
    trouble: { slowClosed: 0, jumps: 0, badInput: 0, timeouts: 0, refused: 0 },
    httpRoutes: [flvRoute(() => settings)],
    vhostIds: new Map([...settings.vhosts.keys()].map((name) => [name, newId()])),
  };
}
