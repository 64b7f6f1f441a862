import { randomInt } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ByteAccount } from '@dolphin/media';
import type { ClientProtocol } from '@dolphin/protocol';
import { DOLPHIN_VERSION } from '@dolphin/protocol/plain.js';
import { createLogger, Lifecycle, type Logger } from '@dolphin/runtime';
import { ConfError, type Directive } from '@dolphin/srs/conf.js';
import { Admission } from './app/admission.js';
import { Beats } from './app/beats.js';
import { type Client, Clients } from './app/clients.js';
import { drainOut } from './app/drain-out.js';
import { type DvrOptions, dvrTaps } from './app/dvr-tap.js';
import { hlsRoute } from './app/hls-route.js';
import { HlsSessions } from './app/hls-sessions.js';
import { HlsStreams } from './app/hls-streams.js';
import { HookCalls } from './app/hook-calls.js';
import { flvRoute } from './app/http-routes.js';
import { keepWatch } from './app/keep-watch.js';
import { LiveSettings } from './app/live-settings.js';
import type { Timers } from './app/ports.js';
import { noTrouble, type ServerContext, TOTAL_UNFINISHED_BYTES } from './app/server.js';
import { Streams } from './app/streams.js';
import { boundedProbes } from './app/token-check.js';
import { isApiPath } from './domain/api-route.js';
import { parseEdgeFlags, USAGE, versionText } from './domain/command-line.js';
import { processTitle } from './domain/process-title.js';
import { randomId } from './domain/random-id.js';
import { type ListenAt, sharesPort } from './domain/settings.js';
import { Recordings } from './files/recordings.js';
import { ApiCalls } from './http/api-calls.js';
import { apiServer } from './http/api-server.js';
import { PodLink, processChannel } from './ipc/pod-link.js';
import type { ConnectionOptions } from './net/client-connection.js';
import { postHook } from './net/hook-client.js';
import { HttpConnection } from './net/http-connection.js';
import { ListenError, Listeners, listenText, mediaServer } from './net/listen.js';
import { RtmpConnection } from './net/rtmp-connection.js';
import { rtmpDial } from './net/rtmp-upstream.js';
import { rtmpTokenProbe } from './net/token-probe.js';
import { enterWorkDir } from './process/claims.js';
import { confSource } from './process/conf-file.js';
import { openLog } from './process/edge-log.js';
import { holdPidFile, PidFileError } from './process/pid-file.js';
import { onQuitSignals } from './process/quit-signals.js';
import { wallTime } from './process/wall-time.js';

/** SRS's exit codes. */
const EXIT_BAD_CONF = 255;
const EXIT_PORT_TAKEN = 234;
const TITLE_EVERY_MS = 1000;
/** What waits for the disk gets there by then, or never: a pod kills an edge that takes longer to stop. */
const RECORDINGS_END_MS = 3000;

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
    case 'refuse':
      process.stderr.write(`dolphin-edge: ${command.why}\n${USAGE}`);
      process.exitCode = EXIT_BAD_CONF;
      return;
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'version':
    case 'signature':
      process.stdout.write(`${versionText(command.do)}\n`);
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
  let log = createLogger({ component: 'edge' });
  try {
    const source = confSource(file, () => log);
    const settings = source.check(source.load());
    if (testOnly) {
      process.stdout.write(`the config file ${file} syntax is ok\nconfig file ${file} test is successful\n`);
      return;
    }
    enterWorkDir(settings);
    const { log: told, close: closeLog } = openLog(settings.log, log);
    log = told;
    await run(new LiveSettings(settings, source, { timers: systemTimers, log, newId }), log, closeLog);
  } catch (error) {
    if (error instanceof ConfError) fail(error.message, EXIT_BAD_CONF);
    else if (error instanceof PidFileError) fail(error.message, error.exitCode);
    else if (error instanceof ListenError) fail(`cannot listen on ${error.message}`, EXIT_PORT_TAKEN);
    else throw error;
  }
}

function fail(why: string, exitCode: number): never {
  process.stderr.write(`dolphin-edge: ${why}\n`);
  process.exit(exitCode);
}

async function run(live: LiveSettings<Directive[]>, log: Logger, closeLog: () => void): Promise<void> {
  const settings = live.current;
  const lifecycle = new Lifecycle(log);
  const recordings = new Recordings();
  const stop = async (why: string) => {
    log.info({ why }, 'stopping');
    await lifecycle.stop();
    closeLog();
    // Node's end waits for its threads, and so for a disk that hangs, for ever: whoever stopped us would wait with it.
    if (!recordings.areSettled) process.kill(process.pid, 'SIGKILL');
    process.exit(0);
  };
  process.on('SIGHUP', () => live.reload());

  const context = makeContext(live, log, recordings);
  const { streams, clients, timers } = context;
  live.onChange((now) => {
    clients.max = now.maxConnections;
    streams.useSettings(now);
  });
  // Stopped last: the streams' end is the recordings'.
  lifecycle.add('recordings', () => recordings.settled(), RECORDINGS_END_MS);
  lifecycle.add('streams', () => streams.stop());
  lifecycle.add('clients', () => clients.closeAll('edge-stopped'));
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
  const api = new ApiCalls(context, { server: streams.serverId, service: context.serviceId }, live);
  if (sharesPort(settings)) {
    context.sharedApi = ({ path, query, host, method }) =>
      isApiPath(path) ? api.answer({ method, path, query: new URLSearchParams(query) }, host) : null;
  }
  const listeners = new Listeners();
  let link: PodLink | null = null;
  let isEnding = false;
  onQuitSignals({
    forceGraceQuit: () => live.current.forceGraceQuit,
    stop: (why) => void stop(why),
    drain: () => {
      isEnding = true;
      link?.takeNoMore();
      drainOut({
        ...{ waits: live.current.quit, clients, timers, log },
        closeListeners: () => listeners.close(),
        onOver: () => void stop('everybody left, or it is late'),
      });
    },
  });
  // Asked to end before it began: nothing is opened any more.
  if (lifecycle.stopping) return;
  const pidFile = settings.pidFile === null ? null : await holdPidFile(settings.pidFile);
  if (pidFile !== null) lifecycle.add('pid file', () => pidFile.remove());
  const open = async (server: Server, at: ListenAt, name: string) => {
    try {
      await listeners.open(server, at);
    } catch (error) {
      pidFile?.remove();
      throw error;
    }
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
  if (settings.api && !sharesPort(settings)) await open(apiServer(context, api), settings.api, 'api');
  // Asked to end meanwhile: the file is gone again, or is about to go.
  if (lifecycle.stopping) return pidFile?.remove();
  pidFile?.write();

  const channel = processChannel(process);
  if (channel !== null) {
    const toPod = new PodLink({
      channel,
      timers,
      log,
      take: (socket, protocol, { address, ...news }) =>
        serve(socket, protocol, { handedOff: true, ...news, ...(address !== undefined && { address }) }),
      beat: () => {
        const { sent, received } = clients.totals();
        return { clients: clients.count, streams: streams.count, sentBytes: sent, receivedBytes: received };
      },
      keepConnections: (on) => (on && !isEnding ? clients.keepAgain() : clients.keepNoMore()),
      onPodGone: () => void stop('the pod is gone'),
    });
    toPod.start();
    link = toPod;
    // It was told to end before there was anybody to tell.
    if (isEnding) toPod.takeNoMore();
    lifecycle.add('pod link', () => toPod.stop());
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

/** For what lets somebody in: from other ids, which many may see, nobody can tell what comes next. */
function secretRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}

function newId(chars: number): string {
  return randomId(chars, Math.random);
}

function makeContext(live: LiveSettings<Directive[]>, log: Logger, files: Recordings): ServerContext {
  const random = Math.random;
  const timers = systemTimers;
  const settings = live.current;
  const beats = new Beats(timers);
  const dial = rtmpDial(timers, beats, () => live.current.chunkSize);
  const serverId = settings.serverId ?? `vid-${newId(7)}`;
  const serviceId = newId(8);
  const trouble = noTrouble();
  const onDropped = () => void trouble.hooksDropped++;
  const onCrowded = () => void trouble.crowded++;
  const calls = new HookCalls({ post: postHook, timers, log, onDropped, onCrowded });
  const showToken = boundedProbes(rtmpTokenProbe(timers), timers, onCrowded);
  const admission = new Admission({ server: { serverId, serviceId }, calls, showToken });
  const clients = new Clients(settings.maxConnections);
  const hls = new HlsStreams({ timers, unixSeconds: () => Math.floor(Date.now() / 1000), trouble });
  const dvr: DvrOptions = {
    files,
    wallTime: () => wallTime(live.current.utcTime),
    log,
    service: `dolphin/${DOLPHIN_VERSION}`,
  };
  const streams = new Streams({
    serverId,
    serviceId,
    chunkSize: settings.chunkSize,
    pull: { dial, timers, log, random },
    tapsOf: (key, vhost) => [...hls.tapsOf(key, vhost), ...dvrTaps(key, vhost, dvr)],
    trouble,
  });
  const sessions = new HlsSessions({ clients, timers, random: secretRandom });
  return {
    get settings() {
      return live.current;
    },
    streams,
    admission,
    serviceId,
    clients,
    unfinished: new ByteAccount(TOTAL_UNFINISHED_BYTES),
    timers,
    beats,
    log,
    random,
    trouble,
    httpRoutes: [
      flvRoute(
        () => live.current,
        (key) => streams.isPublished(key),
      ),
      hlsRoute({ settings: () => live.current, streams, hls, sessions, admission, trouble, gzip: gzipSync }),
    ],
  };
}
