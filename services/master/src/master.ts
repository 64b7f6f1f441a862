import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { project, SnapshotFile } from '@dolphin/eventlog';
import { DOLPHIN_VERSION, DolphinError, hostIdFrom } from '@dolphin/protocol';
import {
  Complaints,
  ConfigError,
  componentLogger,
  createLogger,
  Lifecycle,
  loadConfig,
  parseFlags,
  systemClock,
  UsageError,
} from '@dolphin/runtime';
import type { FastifyInstance } from 'fastify';
import { OperatorAppender } from './app/append-operator.js';
import { CommandSender } from './app/command-sender.js';
import { edgeCalls } from './app/edge-calls.js';
import { eventPage } from './app/event-pages.js';
import { EventStreams } from './app/event-stream.js';
import { FarmModel, ProblemError } from './app/farm-model.js';
import { hostCalls } from './app/host-calls.js';
import { initFarm } from './app/init-farm.js';
import { LeaderLoop } from './app/leader-loop.js';
import { Listener } from './app/listener.js';
import { LiveSessions } from './app/live-sessions.js';
import { LogExports } from './app/log-export.js';
import { LogWatch } from './app/log-watch.js';
import { PortWatch } from './app/port-watch.js';
import type { Links } from './app/ports.js';
import { Publisher } from './app/publisher.js';
import { SessionSearch } from './app/session-search.js';
import { keepSessionsStream } from './app/sessions-keeper.js';
import { Snapshots } from './app/snapshots.js';
import { specCalls } from './app/spec-calls.js';
import { MasterConfig, USAGE } from './config.js';
import { unplacedIn } from './domain/capacity.js';
import { DiskFarmFile } from './files/farm-file.js';
import { foldBuildId, parseFold } from './files/fold-snapshot.js';
import { readTokens } from './files/tokens-file.js';
import { parseListen } from './http/listen-address.js';
import { globalApi } from './http/server.js';
import { connectLinks } from './nats/connect.js';
import { listenToHosts } from './nats/telemetry.js';
import { tcpDialler } from './net/tcp-dialler.js';
import { RedisView } from './redis/redis-view.js';

/** Runs a master until `stop` aborts; gives its exit code. All that it consists of is made here. */
export async function runMaster(argv: readonly string[], env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<number> {
  try {
    const config = readConfig(argv, env);
    if (!config) return 0;
    return await serve(config, stop);
  } catch (error) {
    return explain(error);
  }
}

const FLAGS = {
  config: { type: 'string' },
  farm: { type: 'string' },
  nats: { type: 'string' },
  credentials: { type: 'string' },
  redis: { type: 'string' },
  listen: { type: 'string' },
  tokens: { type: 'string' },
  'state-dir': { type: 'string' },
  id: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): MasterConfig | null {
  const { flags } = parseFlags(argv, FLAGS);
  if (flags.help) {
    process.stdout.write(USAGE);
    return null;
  }
  const { config: file, 'state-dir': stateDir, help: _, ...rest } = flags;
  return loadConfig({ schema: MasterConfig, file, envPrefix: 'DOLPHIN_', env, flags: { ...rest, stateDir } });
}

async function serve(config: MasterConfig, told: AbortSignal): Promise<number> {
  // Also when it must not go on: what loops here would keep the process alive.
  const failing = new AbortController();
  const stop = AbortSignal.any([told, failing.signal]);
  const logger = createLogger({ component: 'master' });
  const loggerOf = (part: string) => componentLogger(logger, part);
  const clock = systemClock;
  const tokens = config.tokens === undefined ? null : readTokens(config.tokens);
  const address = parseListen(config.listen, tokens !== null);
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  const farmFile = new DiskFarmFile(join(config.stateDir, 'farm.json'));
  const known = await farmFile.read();
  if (known && known.farm !== config.farm) {
    throw new DolphinError('E_FARM_MISMATCH', { ours: known.farm, theirs: config.farm });
  }

  const masterId = config.id ?? (hostIdFrom(hostname()) || 'master');
  const model = new FarmModel({ farm: config.farm, masterId, logger, clock });
  const complaints = new Complaints(logger, clock);
  const listener = new Listener(model, complaints, clock);
  const appender = new OperatorAppender(model, clock);
  const snapshotFile = new SnapshotFile(join(config.stateDir, 'fold.json'), foldBuildId(), logger);
  await restore(model, snapshotFile, known?.farmId ?? null);
  const snapshots = new Snapshots(model, snapshotFile, clock);
  const redis = config.redis === '' ? null : new RedisView(config.redis, loggerOf('redis'), complaints);

  let links: Links | null = null;
  let search: SessionSearch | null = null;
  let leads: { readonly watch: LogWatch; readonly leader: LeaderLoop } | null = null;
  const unready = () => {
    if (!model.connected) return new DolphinError('E_BUS_UNAVAILABLE', { why: 'not connected' });
    if (model.problem) return new ProblemError(model.problem);
    if (!model.state.farm) return new DolphinError('E_NO_FARM');
    return model.role === 'starting' ? new DolphinError('E_NO_LEADER') : null;
  };
  const streams = new EventStreams(clock);
  const logExports = new LogExports(clock);
  const reachable = () => {
    if (!links || !model.connected) throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'not connected' });
    return links;
  };
  const readable = () => {
    const { log } = reachable();
    // With an entry that it cannot decode the rest can still be read.
    if (model.problem?.code === 'E_LOG_LOST') throw new ProblemError(model.problem);
    return log;
  };
  const api = await globalApi(
    {
      view: () => model.view(),
      events: (after, limit) => eventPage(readable(), after, limit),
      exportLog: (signal) => logExports.open(readable(), model.state, signal),
      eventStream: (after, signal) => streams.open(readable(), after, signal),
      endedSessions: (query) => {
        if (!search || !model.connected) throw new DolphinError('E_BUS_UNAVAILABLE', { why: 'not connected' });
        return search.ended(query);
      },
      liveSessions: new LiveSessions({ view: () => model.view(), asker: () => reachable().hosts, clock, logger }),
      init: (request) => initFarm(appender, model, request),
      specCalls: specCalls(appender, model),
      hostCalls: hostCalls(appender, model),
      edgeCalls: edgeCalls(appender),
      unready,
      figures: () => ({
        ...{ view: model.view(), lastSequence: leads?.watch.lastSequence ?? null },
        ...{ holdsLease: leads?.leader.holds() ?? false, unplaced: unplacedIn(model.state) },
      }),
    },
    loggerOf('api'),
    tokens,
  );
  await listenOn(api, address);
  const { port } = api.server.address() as AddressInfo;
  logger.info({ version: DOLPHIN_VERSION, farm: config.farm, id: masterId, port }, 'the global API answers');

  const lifecycle = new Lifecycle(logger);
  lifecycle.add('Redis', () => redis?.close());
  lifecycle.add('global API', () => api.close());
  lifecycle.add('snapshot', () => snapshots.save());
  const loops: Promise<unknown>[] = [listener.run(stop), snapshots.run(stop)];

  const connected = connectLinks({
    ...{ url: config.nats, credentials: config.credentials, farm: config.farm, masterId, signal: stop },
    replicas: config.replicas,
    ...{ logger: loggerOf('bus'), clock, complaints, onStatus: (isConnected) => model.setConnected(isConnected) },
  }).then(async ({ bus, links: made }) => {
    lifecycle.add('NATS', () => bus.close());
    await listenToHosts(bus, config.farm, listener);
    links = made;
    search = new SessionSearch({ history: made.sessions, farmId: () => model.state.farm?.farmId ?? null, clock });
    const watch = new LogWatch({
      ...{ model, links: made, file: farmFile, known, logger, clock },
      wayBack:
        'put back the JetStream store of NATS; or begin a log for the edges that run: dolphin-cli init --adopt-running; or, to ' +
        'begin a new farm, end every pod, worker and master, and move their directories away ' +
        `(here ${config.stateDir})`,
    });
    appender.connect(made, watch);
    const sender = new CommandSender({ bus: made.commands, model, complaints, logger: loggerOf('commands'), clock });
    const ports = new PortWatch(model, tcpDialler, clock);
    const leader = new LeaderLoop({
      model,
      links: made,
      sender,
      ports,
      complaints,
      logger: loggerOf('reconcile'),
      clock,
    });
    leads = { watch, leader };
    const sinks = redis ? [redis] : [];
    const publisher = new Publisher({
      ...{ model, sinks, logger, clock },
      holds: () => leader.holds(),
      announcer: made.announcer,
    });
    const { projection, checkpoint: from } = model;
    const folding = project({
      ...{ store: made.log, projection, signal: stop, from },
      apply: (item, checkpoint) => model.fold(item, checkpoint),
      rewind: (why) => model.rewind(why),
    });
    const leading = leader.run(stop);
    loops.push(keepSessionsStream({ model, links: made, complaints, clock }, stop));
    loops.push(folding, watch.run(stop), leading, publisher.run(stop));
    return leading;
  });

  const failed = await untilStopped(connected, stop);
  failing.abort();
  // The leader gives its lease back while NATS is still there.
  const ended = new AbortController();
  const ending = Promise.allSettled(loops).then(() => ended.abort());
  await Promise.race([ending, clock.sleep(STOP_DEADLINE_MS, ended.signal)]);
  if (!ended.signal.aborted) logger.warn({ deadlineMs: STOP_DEADLINE_MS }, 'stopping without waiting any longer');
  await lifecycle.stop();
  if (failed) throw failed;
  return 0;
}

/** Loops end at their next look at the signal; requests under way take no longer than this. */
const STOP_DEADLINE_MS = 3_000;

/** The error for which this master must not go on, or null when it was told to stop. */
async function untilStopped(connected: Promise<void>, stop: AbortSignal): Promise<unknown> {
  const stopped = new Promise<null>((resolve) => {
    if (stop.aborted) resolve(null);
    stop.addEventListener('abort', () => resolve(null));
  });
  const refused = new Promise<unknown>((resolve) => {
    connected.catch((error: unknown) => resolve(stop.aborted ? null : error));
  });
  return Promise.race([stopped, refused]);
}

async function restore(model: FarmModel, file: SnapshotFile, farmId: string | null): Promise<void> {
  const snapshot = await file.load();
  const state = snapshot && parseFold(snapshot.state);
  // Without the farm's own file, a snapshot may be another farm's.
  const isOurs = state !== null && state.farm?.farmId === farmId && state.sequence === snapshot?.checkpoint.sequence;
  if (snapshot && isOurs) model.restore(state, snapshot.checkpoint);
}

async function listenOn(api: FastifyInstance, address: { host: string; port: number }): Promise<void> {
  try {
    await api.listen(address);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new DolphinError('E_PORT_TAKEN', { port: address.port, holder: 'another process' }, { cause: error });
  }
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`dolphin-master: ${error.message}\n${USAGE}`);
    return error.exit;
  }
  const isKnown = error instanceof DolphinError || error instanceof ConfigError;
  const text = isKnown ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`dolphin-master: ${text}\n`);
  return isKnown ? error.exit : 70;
}
