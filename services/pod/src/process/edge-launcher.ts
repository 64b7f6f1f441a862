import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DolphinError, type EdgeDefinition, hasViewers, serverId } from '@dolphin/protocol';
import { ConfError, type Directive, loadConf, printConf } from '@dolphin/srs';
import type { EdgeLauncher, EdgeProcess, LaunchOutcome, Log } from '../app/ports.js';
import { originsAt } from '../domain/own-back-source.js';
import { admittedClients, renderEdgeConf } from '../domain/render-conf.js';
import { type Child, startChild } from './child.js';
import { childTaker } from './child-taker.js';
import { confStamp, keepStamp, wasTested } from './conf-stamp.js';
import { type Confinement, confined } from './confine.js';
import type { EdgeLogs } from './edge-logs.js';
import type { Engine, Engines } from './engines.js';
import { readHostSettings } from './host-settings.js';
import type { UnderParent } from './parent-death.js';
import { probePort } from './port-probe.js';
import { runBriefly } from './run-briefly.js';

/** The children of a pod that was killed die with it, but not in the same instant: their ports are waited for. */
const PORTS_WITHIN_MS = 2000;
const PORTS_EVERY_MS = 20;

export interface EdgeLauncherOptions {
  readonly runDir: string;
  readonly host: string;
  readonly privateAddress: string;
  /** The user's conf, in SRS's syntax, of edges that name none. */
  readonly confPath: string;
  /** The others, by name. */
  readonly confs: () => ReadonlyMap<string, string>;
  readonly engines: Engines;
  readonly under: UnderParent;
  readonly confinement: Confinement;
  readonly logs: EdgeLogs;
  readonly env: NodeJS.ProcessEnv;
  /** True in a pod alone: each vhost's own origins hold. */
  readonly originsOfConf: boolean;
  /** RTMP ports of this host's back sources. */
  readonly backSourcePorts: () => readonly number[];
  readonly log: Log;
}

/** Renders, tests, checks the ports, starts: RUN_DIR/edges/<name>/ is the edge's working directory. */
export function createEdgeLauncher(o: EdgeLauncherOptions): EdgeLauncher {
  /** By edge, of its present generation: how many clients its conf lets in. */
  const admits = new Map<string, number>();

  const launch = async (
    edge: EdgeDefinition,
    name: string,
    first: boolean,
    isCalledOff: () => boolean,
  ): Promise<LaunchOutcome> => {
    const cwd = join(o.runDir, 'edges', name);
    mkdirSync(cwd, { recursive: true, mode: 0o700 });
    const engine = await o.engines.find(edge.engine);
    if (engine === null) throw new DolphinError('E_ENGINE_UNKNOWN', { engine: edge.engine });
    if ('why' in engine) return failed('E_CONFIG', engine.why);
    const conf = join(cwd, 'edge.conf');
    const under = confined(o.under, o.confinement, edge);
    if (first) {
      const rendered = render(edge, engine);
      for (const warning of rendered.warnings) o.log.warn({ edge: name }, warning);
      admits.set(name, rendered.clients);
      // SRS serves HTTP files from its own ./objs, and complains when there is none.
      mkdirSync(join(cwd, 'objs', 'nginx', 'html'), { recursive: true, mode: 0o700 });
      const text = printConf(rendered.conf);
      writeFileSync(conf, text, { mode: 0o600 });
      const refused = await testConf(engine, { conf, text, cwd, under });
      if (refused !== null) return refused;
    }
    const blocked = await waitForPorts(edge, o.privateAddress);
    if (blocked !== null) return blocked;
    if (isCalledOff()) return { ok: false, code: 'E_INTERNAL', message: 'called off', usesAttempt: false };
    const output = o.logs.of(name);
    const child = await startChild({
      command: engine.path,
      args: ['-c', conf],
      cwd,
      env: o.env,
      under,
      output: (text) => output.write(text),
    });
    return { ok: true, process: edgeProcess(child, engine, admits.get(name) ?? 0) };
  };

  /** Null: it is good, as it was when it was tested last with nothing changed since. */
  const testConf = async (
    engine: Engine,
    { conf, text, cwd, under }: { conf: string; text: string; cwd: string; under: UnderParent },
  ): Promise<LaunchOutcome | null> => {
    // Before the test: what is replaced meanwhile is tested again.
    const stamp = await confStamp(text, engine, o.confinement.openFiles ?? readHostSettings().softFiles);
    if (await wasTested(cwd, stamp)) return null;
    const test = await runBriefly(engine.path, ['-t', '-c', conf], { cwd, env: o.env, under });
    if (test.missing) return failed('E_CONFIG', `${engine.path} cannot be run`);
    // Killed, at its time limit or with the pod: that says nothing about the conf.
    if (test.code === null) {
      return { ok: false, code: 'E_INTERNAL', message: `the test of ${conf} did not end`, usesAttempt: false };
    }
    if (test.code !== 0) return failed('E_CONFIG', `${conf} is refused: ${lastLines(test.output)}`);
    await keepStamp(cwd, stamp, o.log);
    return null;
  };

  const render = (edge: EdgeDefinition, engine: Engine) => {
    const named = edge.conf && o.confs().get(edge.conf.name);
    if (edge.conf && named === undefined) throw new DolphinError('E_CONF_UNKNOWN', { conf: edge.conf.name });
    const user: Directive[] = loadConf(named ?? o.confPath, (path) => readFileSync(path, 'utf8'));
    const clients = admittedClients(user);
    const { conf, warnings } = renderEdgeConf(user, {
      role: edge.role,
      slot: edge.slot,
      ports: edge.ports,
      privateAddress: o.privateAddress,
      origins: o.originsOfConf ? null : originsAt(edge, o.privateAddress),
      upstream: pullsFromBackSource(edge) ? 'back-source' : 'origin',
      serverId: serverId(o.host, edge),
      clients,
      dialect: engine.dialect,
    });
    return { conf, warnings, clients };
  };

  const pullsFromBackSource = (edge: EdgeDefinition) => {
    const own = new Set(o.backSourcePorts().map((port) => `127.0.0.1:${port}`));
    return hasViewers(edge.role) && edge.origins.every((origin) => own.has(origin));
  };

  return {
    async launch(edge, { first, name, isCalledOff }) {
      try {
        return await launch(edge, name, first, isCalledOff);
      } catch (error) {
        if (error instanceof ConfError) return failed('E_CONF', error.message);
        if (error instanceof DolphinError) return failed(error.code, error.message);
        return failed('E_INTERNAL', error instanceof Error ? error.message : String(error));
      }
    },
  };
}

async function waitForPorts(edge: EdgeDefinition, address: string): Promise<LaunchOutcome | null> {
  const deadline = performance.now() + PORTS_WITHIN_MS;
  const { rtmp, http, api } = edge.ports;
  for (const port of http === undefined ? [rtmp, api] : [rtmp, http, api]) {
    for (;;) {
      const verdict = await probePort(port, address);
      if (verdict.state === 'free') break;
      if (performance.now() >= deadline) {
        const { message } = new DolphinError('E_PORT_TAKEN', verdict);
        return { ok: false, code: 'E_PORT_TAKEN', message, usesAttempt: verdict.state !== 'passing' };
      }
      await new Promise((resolve) => setTimeout(resolve, PORTS_EVERY_MS));
    }
  }
  return null;
}

function edgeProcess(child: Child, engine: Engine, admits: number): EdgeProcess {
  return {
    ...childTaker(child.process),
    pid: child.pid,
    dialect: engine.dialect,
    admits,
    onMessage: child.onMessage,
    onExit: child.onExit,
    signal: child.signal,
  };
}

function failed(code: string, message: string): LaunchOutcome {
  return { ok: false, code, message, usesAttempt: true };
}

function lastLines(output: string): string {
  return output.split('\n').slice(-3).join(' / ').slice(-500);
}
