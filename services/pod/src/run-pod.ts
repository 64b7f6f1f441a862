import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DolphinError, type PodFact } from '@dolphin/protocol';
import { type Lifecycle, type Logger, lockDirectory } from '@dolphin/runtime';
import { loadConf } from '@dolphin/srs';
import { ClientsControl } from './app/clients-control.js';
import { Control } from './app/control.js';
import type { Told } from './app/edge-runner.js';
import { EdgeStats } from './app/edge-stats.js';
import { LimitsDesk } from './app/limits-desk.js';
import { podState } from './app/pod-state.js';
import type { Reception } from './app/reception.js';
import { RelayPool } from './app/relay-pool.js';
import { Router } from './app/router.js';
import { Sessions } from './app/sessions.js';
import { Supervisor } from './app/supervisor.js';
import { loadPodConfig } from './config.js';
import { newHostFile } from './domain/host-file.js';
import { aloneEdge, type PodOptions } from './domain/pod-options.js';
import { confOrigins } from './domain/render-conf.js';
import { DEFAULT_RESTART_POLICY } from './domain/restart-policy.js';
import { EndedSessionsFile } from './files/ended-sessions-file.js';
import { HappeningsFile } from './files/happenings-file.js';
import { openHostFile } from './files/host-file-store.js';
import { openLimitsFile } from './files/limits-file.js';
import { serveControl } from './http/control-server.js';
import { httpEdgeProbe, srsSentBytes } from './http/edge-probe.js';
import { openReception } from './open-reception.js';
import { edgeEnvironment } from './process/edge-env.js';
import { createEdgeLauncher } from './process/edge-launcher.js';
import { Engines } from './process/engines.js';
import { asItIs, findParentDeath } from './process/parent-death.js';
import { holderOf } from './process/port-probe.js';
import { listenPublicly, refuseClient } from './process/public-listener.js';
import { createRelayLauncher } from './process/relay-launcher.js';
import { systemTimers } from './process/timers.js';
import { readUsage } from './process/usage.js';

const RELAY_SCRIPT = fileURLToPath(new URL('./relay/main.js', import.meta.url));
const TITLE_EVERY_MS = 1000;
/** Edges get 5 s after SIGTERM; then they are killed. */
const EDGES_STOP_MS = 8000;

/**
 * Puts a pod together and starts it. What it opened is in `lifecycle`, also when this throws; `onStop` is called for
 * POST /v1/stop. Throws ConfigError, DolphinError: E_RUNNING, E_PORT_TAKEN, E_CONFIG, E_CONF.
 */
export async function runPod(
  options: PodOptions,
  o: { logger: Logger; lifecycle: Lifecycle; onStop: () => void; env: NodeJS.ProcessEnv },
): Promise<void> {
  const { logger: log, lifecycle } = o;
  const startedAt = systemTimers.monotonic();
  const { runDir, alone } = options;
  const config = loadPodConfig(options.configPath, o.env);
  const restarts = { ...DEFAULT_RESTART_POLICY, ...config.restarts };
  const lock = await lockDirectory(runDir, 'pod');
  if (!lock.held) throw new DolphinError('E_RUNNING', { what: `a pod in ${runDir}`, pid: lock.pid ?? 'unknown' });
  lifecycle.add('lock', () => lock.release());

  const happenings = new HappeningsFile(runDir, { log, now: () => Date.now() });
  lifecycle.add('happenings', () => happenings.close());
  const tell = (fact: Told): string => {
    const id = randomUUID();
    const { n } = happenings.append({ ...fact, id } as PodFact);
    log.info({ n, fact }, fact.type);
    return id;
  };

  const store = openHostFile(runDir, options.host, log);
  const file = alone === null ? store.load() : newHostFile(options.host);
  const parentDeath = await findParentDeath();
  if (parentDeath === null) {
    log.warn({}, 'there is no setpriv with --pdeathsig: edges outlive a pod that is killed, until they notice');
  }
  const under = parentDeath ?? asItIs;
  const env = edgeEnvironment(o.env);
  const engines = new Engines(options.engines, { cwd: runDir, env, under });

  const ended = new EndedSessionsFile(runDir, { log, timers: systemTimers });
  lifecycle.add('ended sessions', () => ended.close());
  const sessions = new Sessions({ life: randomBytes(6).toString('hex'), now: () => Date.now(), journal: ended });
  lifecycle.add('sessions', () => sessions.endAll('pod-stopped'));
  const limits = new LimitsDesk({
    configured: config.limits,
    store: openLimitsFile(runDir, log),
    sessions,
    timers: systemTimers,
    log,
  });
  const router: Router = new Router({
    timers: systemTimers,
    sessions,
    limits,
    log,
    mode: options.mode,
    runners: () => supervisor.runners,
    balance: config.balance,
    now: () => Date.now(),
    explain: log.isLevelEnabled('debug') ? (details, message) => log.debug(details, message) : null,
    refuse: (client, reason) => refuseClient(client.socket, client.protocol, reason),
  });
  const relays = new RelayPool(
    options.relays,
    {
      launcher: createRelayLauncher({ script: RELAY_SCRIPT, cwd: runDir, under, log }),
      timers: systemTimers,
      log,
      random: Math.random,
    },
    {
      onAvailable: () => router.retryWaiting(),
      onRouted: (id, edge, via) => router.onRelayRouted(id, edge, via),
      onConnectFailed: (id, edge, via, code) => router.onRelayConnectFailed(id, edge, via, code),
      onClients: (via, news) => router.onRelayClients(via, news),
      onExit: (via) => router.onRelayExit(via),
      onReturned: (clients) => router.onReturned(clients),
      onCut: (client) => router.onCut(client),
    },
  );
  router.useRelays(relays);
  const reception = openReception(config, options.confPath, router);
  lifecycle.add('relays', () => relays.stop());

  const supervisor: Supervisor = new Supervisor(
    {
      launcher: createEdgeLauncher({
        runDir,
        host: options.host,
        confPath: options.confPath,
        engines,
        under,
        env,
        originsOfConf: alone !== null,
        backSourcePorts: () =>
          supervisor.runners.filter((runner) => runner.edge.role === 'back-source').map(({ edge }) => edge.ports.rtmp),
        log,
      }),
      probe: httpEdgeProbe,
      timers: systemTimers,
      // A pod alone has nobody who could decide otherwise: it never gives up.
      policy: alone === null ? restarts : { ...restarts, maxAttempts: null },
      random: Math.random,
      log,
      tell,
    },
    {
      onStarted: (runner) => router.onEdgeStarted(runner),
      onReady: (runner) => router.onEdgeReady(runner),
      onClosing: (runner) => router.onEdgeClosing(runner),
      onExit: (runner) => router.onEdgeExit(runner),
      onTook: (runner, id) => router.onEdgeTook(runner, id),
      onClients: (runner, news) => router.onEdgeClients(runner, news),
      onBeat: (runner) => router.onEdgeBeat(runner),
    },
  );
  lifecycle.add('edges', () => supervisor.stopAll(), EDGES_STOP_MS);

  const stats = new EdgeStats({
    timers: systemTimers,
    runners: () => supervisor.runners,
    usageOf: readUsage,
    relayedBytesOf: (edge) => relays.sentBytesOf(edge),
    apiBytesOf: srsSentBytes,
  });
  const control: Control = new Control(file, {
    supervisor,
    engines: engines.names,
    save: (changed) => store.save(changed),
    state: () => state(),
    log,
    alone: alone !== null,
  });
  const state = () =>
    podState({
      pid: process.pid,
      host: options.host,
      address: options.address,
      rtmp: options.rtmp,
      http: options.http,
      uptimeMs: () => systemTimers.monotonic() - startedAt,
      lastHappening: () => happenings.newest,
      file: () => control.file,
      runners: () => supervisor.runners,
      router,
      stats,
    });

  const aloneEdges = alone === null ? [] : edgesOfCommandLine(options);
  if (alone !== null) await mustFindEngines(engines);
  await listenToClients(options, { reception, router }, log, lifecycle);
  const server = await serveControl(
    runDir,
    {
      state,
      happenings: (after, limit) => happenings.page(after, limit),
      choices: (last, client) => router.chooser.lastChoices(last, client, (id) => router.ledger.edgeOf(id)),
      obey: (command) => control.obey(command),
      clients: new ClientsControl({ sessions, ended, limits, router }),
      // The answer goes out first.
      stop: () => void setImmediate(o.onStop),
    },
    log,
  );
  lifecycle.add('control', () => {
    server.close();
    server.closeAllConnections();
  });
  const causationId = tell({ type: 'pod-started', pid: process.pid, rtmp: [...options.rtmp], http: [...options.http] });
  if (options.mode === 'relay') relays.start();
  control.restore(causationId);
  for (const edge of aloneEdges) supervisor.ensure(edge, { causationId });
  stats.start();
  lifecycle.add('stats', () => stats.stop());
  keepTitle(state, lifecycle);
  // First of all when stopping: no new clients.
  lifecycle.add('router', () => router.stop());
  log.info({ rtmp: options.rtmp, http: options.http, address: options.address, runDir }, 'the pod serves');
}

/** A pod alone has one engine, from its command line: a path that was mistyped is said at once, not tried for ever. */
async function mustFindEngines(engines: Engines): Promise<void> {
  for (const name of engines.names) {
    const engine = await engines.find(name);
    if (engine !== null && 'why' in engine) throw new DolphinError('E_CONFIG', { where: '-b', why: engine.why });
  }
}

function edgesOfCommandLine(options: PodOptions) {
  const [engine] = options.engines.keys();
  const origins = confOrigins(loadConf(options.confPath, (path) => readFileSync(path, 'utf8')));
  if (origins.length === 0) {
    throw new DolphinError('E_CONFIG', { where: options.confPath, why: 'no vhost names an origin' });
  }
  return (options.alone ?? []).map((slot, index) => aloneEdge(slot, index, origins, engine ?? 'builtin'));
}

async function listenToClients(
  options: PodOptions,
  { reception, router }: { reception: Reception; router: Router },
  log: Logger,
  lifecycle: Lifecycle,
): Promise<void> {
  const listeners = [
    ...options.rtmp.map((port) => ({ port, protocol: 'rtmp' as const })),
    ...options.http.map((port) => ({ port, protocol: 'http' as const })),
  ];
  for (const { port, protocol } of listeners) {
    try {
      const server = await listenPublicly({
        port,
        protocol,
        address: options.address,
        onClient: (socket) => reception.onClient(socket, protocol),
        onAcceptError: () => router.countRefused('accept-failed'),
        log,
      });
      lifecycle.add(`port ${port}`, () => void server.close());
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE') {
        throw new DolphinError('E_PORT_TAKEN', { port, holder: await holderOf(port) }, { cause });
      }
      const where = `${options.address}:${port}`;
      throw new DolphinError('E_CONFIG', { where, why: `cannot listen: ${code}` }, { cause });
    }
  }
}

/** `dolphin-pod: 5 edges, 12 clients` for ps and top. */
function keepTitle(state: () => { edges: unknown[]; clients: number }, lifecycle: Lifecycle): void {
  const timer = setInterval(() => {
    const { edges, clients } = state();
    process.title = `dolphin-pod: ${edges.length} edges, ${clients} clients`;
  }, TITLE_EVERY_MS);
  lifecycle.add('title', () => clearInterval(timer));
}
