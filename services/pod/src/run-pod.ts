import { randomBytes, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { DolphinError, type PodFact } from '@dolphin/protocol';
import { type Lifecycle, type Logger, lockDirectory } from '@dolphin/runtime';
import { edgesOfCommandLine, mustFindEngines } from './alone.js';
import { ClientsControl } from './app/clients-control.js';
import { Control } from './app/control.js';
import type { Told } from './app/edge-facts.js';
import { EdgeStats } from './app/edge-stats.js';
import { FreezeWatcher } from './app/freeze-watch.js';
import { LimitsDesk } from './app/limits-desk.js';
import { podState } from './app/pod-state.js';
import { RelayPool } from './app/relay-pool.js';
import { Router } from './app/router.js';
import { Sessions } from './app/sessions.js';
import { StartGate } from './app/start-gate.js';
import { Supervisor } from './app/supervisor.js';
import { type ComposedDrains, composeDrains } from './compose-drains.js';
import { loadPodConfig, logRotation } from './config.js';
import { newHostFile } from './domain/host-file.js';
import type { PodOptions } from './domain/pod-options.js';
import { DEFAULT_RESTART_POLICY } from './domain/restart-policy.js';
import { slotClashes } from './domain/spare-ports.js';
import { EndedSessionsFile } from './files/ended-sessions-file.js';
import { HappeningsFile } from './files/happenings-file.js';
import { openHostFile } from './files/host-file-store.js';
import { openLimitsFile } from './files/limits-file.js';
import { openNames } from './files/names-file.js';
import { type ControlApi, serveControl } from './http/control-server.js';
import { HttpEdgeProbe } from './http/edge-probe.js';
import { serveMetrics } from './http/metrics-server.js';
import { listenToClients } from './listen-to-clients.js';
import { mustConfine } from './process/confine.js';
import { edgeEnvironment } from './process/edge-env.js';
import { createEdgeLauncher } from './process/edge-launcher.js';
import { EdgeLogs } from './process/edge-logs.js';
import { Engines } from './process/engines.js';
import { asItIs, findParentDeath } from './process/parent-death.js';
import { refuseClient } from './process/public-listener.js';
import { createRelayLauncher } from './process/relay-launcher.js';
import { systemTimers } from './process/timers.js';
import { keepTitle } from './process/title.js';
import { readExcuse, readUsage } from './process/usage.js';
import { adviceFor, portsOfCommandLine } from './start-advice.js';

const RELAY_SCRIPT = fileURLToPath(new URL('../../../bin/dolphin-relay', import.meta.url));
/** Edges get 5 s after SIGTERM; then they are killed. */
const EDGES_STOP_MS = 8000;

export type RunningPod = Pick<ComposedDrains, 'awaitClients'>;

/**
 * Puts a pod together and starts it. What it opened is in `lifecycle`, also when this throws; `onStop` is called for
 * POST /v1/stop. Throws ConfigError, DolphinError: E_RUNNING, E_PORT_TAKEN, E_CONFIG, E_CONF.
 */
export async function runPod(
  options: PodOptions,
  o: { logger: Logger; lifecycle: Lifecycle; onStop: (deadlineMs: number | null) => void; env: NodeJS.ProcessEnv },
): Promise<RunningPod> {
  const { logger: log, lifecycle } = o;
  const startedAt = systemTimers.monotonic();
  const { runDir, alone, privateAddress } = options;
  const config = loadPodConfig(options.configPath, o.env, portsOfCommandLine(options));
  const restarts = { ...DEFAULT_RESTART_POLICY, ...config.restarts };
  await mustConfine(config.supervise);
  await lifecycle.start('lock', { start: () => mustLock(runDir), stop: (lock) => lock.release() });

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
  const names = openNames(runDir, options.engines, log);
  const engines = new Engines(() => names().engines, { cwd: runDir, env, under, log });
  if (alone !== null) await mustFindEngines(engines);
  // Where all edges are relayed to, relay processes accept by themselves.
  const mode = options.mode === 'auto' && (await engines.haveTaker()) ? 'auto' : 'relay';
  const logs = new EdgeLogs(runDir, logRotation(config), log);
  lifecycle.add('logs', () => logs.close());

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
    mode,
    privateAddress,
    runners: () => supervisor.runners,
    balance: config.balance,
    now: () => Date.now(),
    explain: log.isLevelEnabled('debug') ? (details, message) => log.debug(details, message) : null,
    refuse: ({ id, heldBy, socket, protocol }, reason) => {
      if (heldBy === undefined) refuseClient(socket, protocol, reason);
      else relays.refuse(heldBy, id, reason);
    },
  });
  const relays: RelayPool = new RelayPool(
    options.relays,
    {
      launcher: createRelayLauncher({ script: RELAY_SCRIPT, cwd: runDir, under, log }),
      timers: systemTimers,
      log,
      random: Math.random,
    },
    {
      onAvailable: () => router.retryWaiting(),
      onTook: () => router.onRelayTook(),
      onAccepted: (client) => router.onRelayAccepted(client),
      onTurnedAway: (reason, address) => router.countRefused(reason, address),
      onRouted: (id, edge, via) => router.relayRoute.onRouted(id, edge, via),
      onConnectFailed: (id, edge, via, code) => router.relayRoute.onConnectFailed(id, edge, via, code),
      onClients: (via, news) => router.onRelayClients(via, news),
      onExit: (via) => router.onRelayExit(via),
      onReturned: (clients) => router.onReturned(clients),
      onCut: (client) => router.onCut(client),
    },
  );
  router.useRelays(relays);
  lifecycle.add('relays', () => relays.stop());

  const probe = new HttpEdgeProbe(privateAddress);
  const supervisor: Supervisor = new Supervisor(
    {
      launcher: createEdgeLauncher({
        runDir,
        host: options.host,
        privateAddress,
        ...{ confPath: options.confPath, confs: () => names().confs },
        engines,
        under,
        confinement: config.supervise,
        logs,
        env,
        originsOfConf: alone !== null,
        backSourcePorts: () =>
          supervisor.runners.filter((runner) => runner.edge.role === 'back-source').map(({ edge }) => edge.ports.rtmp),
        log,
      }),
      startGate: new StartGate(availableParallelism(), systemTimers),
      probe,
      timers: systemTimers,
      // A pod alone has nobody who could decide otherwise: it never gives up.
      policy: alone === null ? restarts : { ...restarts, maxAttempts: null },
      successorPolicy: restarts,
      random: Math.random,
      log,
      tell,
      clientsAt: (name) => router.ledger.countAt(name),
      replaceDeadlineMs: config.drain.deadlineMs,
      sparePorts: config.sparePorts ?? null,
    },
    {
      onStarted: (runner) => router.onEdgeStarted(runner),
      onReady: (runner) => router.onEdgeReady(runner),
      onClosing: (runner) => router.onEdgeClosing(runner),
      onExit: (runner) => router.onEdgeExit(runner),
      onTook: (runner, id) => router.onEdgeTook(runner, id),
      onClients: (runner, news) => router.onEdgeClients(runner, news),
      onBeat: (runner) => router.onEdgeBeat(runner),
      onUndrained: () => router.onEdgeUndrained(),
      onRemoved: (edge) => control.onRemoved(edge),
    },
  );
  lifecycle.add('edges', () => supervisor.stopAll(), EDGES_STOP_MS);

  const stats = new EdgeStats({
    timers: systemTimers,
    runners: () => supervisor.runners,
    usageOf: readUsage,
    relayedBytesOf: (edge) => relays.sentBytesOf(edge),
    apiBytesOf: (port) => probe.sentBytes(port),
    onSampled: () => drains.memory.look(),
    onAnswered: (runner, pid) => watcher.sawAnswer(runner.name, pid),
  });
  const watcher: FreezeWatcher = new FreezeWatcher({
    timers: systemTimers,
    log,
    freezeAfterMs: config.supervise.freezeAfterMs,
    runners: () => supervisor.runners,
    relays,
    relayedBytesOf: (edge) => relays.sentBytesOf(edge),
    showsLife: (port, pid) => probe.showsLife(port, pid),
    excuseOf: readExcuse,
  });
  const aloneEdges = alone === null ? [] : edgesOfCommandLine(options);
  const wanted = alone === null ? file.slots.flatMap((slot) => slot.wanted ?? []) : aloneEdges;
  const advice = adviceFor(options, wanted, config);
  for (const sentence of advice) log.warn({}, sentence);
  const control: Control = new Control(file, {
    supervisor,
    names,
    save: (changed) => store.save(changed),
    state: () => state(),
    tell,
    log,
    alone: alone !== null,
  });
  const spareAdvice = () =>
    control.file.slots.flatMap(({ wanted }) => (wanted === null ? [] : slotClashes(config.sparePorts ?? null, wanted)));
  const state = () =>
    podState({
      ...{ pid: process.pid, host: options.host, address: options.address, privateAddress },
      rtmp: options.rtmp,
      http: options.http,
      monotonic: () => systemTimers.monotonic(),
      uptimeMs: () => systemTimers.monotonic() - startedAt,
      lastHappening: () => happenings.newest,
      file: () => control.file,
      runners: () => supervisor.runners,
      router,
      stats,
      reading: () => ports.reading(),
      sessionsLost: () => ended.lost,
      logDroppedBytes: (name) => logs.droppedBytes(name),
      warnings: () => engines.warnings,
      advice: () => [...advice, ...spareAdvice()],
    });

  const ports = await listenToClients(options, config, mode, { router, limits, relays, log, lifecycle });
  const drains: ComposedDrains = composeDrains({
    ...{ config, router, supervisor, control, log },
    figuresOf: (runner) => stats.of(runner),
    alone: alone === null ? null : aloneEdges,
    closePorts: () => {
      ports.close();
      router.stop();
    },
  });
  const api: ControlApi = {
    state,
    happenings: (after, limit) => happenings.page(after, limit),
    choices: (last, client) => router.chooser.lastChoices(last, client, (id) => router.ledger.edgeOf(id)),
    obey: (command) => control.obey(command),
    clients: new ClientsControl({ sessions, ended, limits, router }),
    // The answer goes out first.
    stop: (deadlineMs) => void setImmediate(() => o.onStop(deadlineMs)),
    edges: { orders: drains.orders, lastLog: (name, most) => logs.last(name, supervisor.namesIn(name), most) },
  };
  await lifecycle.start('control', { start: () => serveControl(runDir, api, log), stop: hangUp });
  const { listen } = config.metrics;
  if (listen !== null) await lifecycle.start('metrics', { start: () => serveMetrics(listen, state), stop: hangUp });
  const causationId = tell({ type: 'pod-started', pid: process.pid, rtmp: [...options.rtmp], http: [...options.http] });
  control.restore(causationId);
  for (const edge of aloneEdges) supervisor.ensure(edge, { causationId });
  stats.start();
  lifecycle.add('stats', () => stats.stop());
  drains.drains.start();
  lifecycle.add('drains', () => drains.drains.stop());
  watcher.start();
  lifecycle.add('watcher', () => watcher.stop());
  const title = () => `dolphin-pod: ${supervisor.runners.length} edges, ${router.ledger.size} clients`;
  lifecycle.add('title', keepTitle(title));
  // First of all when stopping: no new clients.
  lifecycle.add('router', () => {
    ports.close();
    router.stop();
  });
  log.info({ rtmp: options.rtmp, http: options.http, address: options.address, runDir }, 'the pod serves');
  return { awaitClients: drains.awaitClients };
}

async function mustLock(runDir: string) {
  const lock = await lockDirectory(runDir, 'pod');
  if (lock.held) return lock;
  throw new DolphinError('E_RUNNING', { what: `a pod in ${runDir}`, pid: lock.pid ?? 'unknown' });
}

function hangUp(server: Server): void {
  server.close();
  server.closeAllConnections();
}
