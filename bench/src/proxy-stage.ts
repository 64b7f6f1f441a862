import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Child, canPin, freePort, listening, MEASURED_CORE, OTHER_CORE, startChild } from './child.js';
import type { LoadTarget } from './load-player.js';
import { haproxyConf, nginxStreamConf } from './peer-confs.js';
import { podState } from './pod-state.js';
import { processTree } from './process-tree.js';
import type { Measured } from './rounds.js';
import type { Stage } from './stage.js';
import { root, STREAM } from './start-program.js';

/** A proxy of somebody else's, as a command line with {port} (where players come) and {edge} (where it connects to). */
export interface Peer {
  name: string;
  command: string;
}

const PEERS_OF_DEBIAN = ['haproxy', 'haproxy-splice', 'nginx'] as const;
/** `relay`: each byte passes the pod's relay process. `hand-off`: the edge gets the sockets. */
const OURS = ['relay', 'hand-off'] as const;
export const PROXY_PROGRAMS: readonly string[] = [...PEERS_OF_DEBIAN, ...OURS];

/** Starts one proxy on the measured core, with a built-in edge behind it on the other. */
export async function startProxy(
  stage: Stage,
  program: string,
  peers: readonly Peer[],
): Promise<{ measured: Measured; target: LoadTarget }> {
  const port = await freePort();
  const target: LoadTarget = { protocol: 'rtmp', url: `rtmp://127.0.0.1:${port}/${STREAM}` };
  if (program === 'relay' || program === 'hand-off') {
    const pod = await startPod(stage, program, { port, edges: 1, core: MEASURED_CORE });
    for (const pid of pod.edgePids) pin(pid, OTHER_CORE);
    const measured: Measured = {
      pids: () => processTree(pod.child.pid).filter((pid) => !pod.edgePids.has(pid)),
      stop: () => pod.child.stop(),
    };
    return { measured, target };
  }
  const edge = await stage.startEdge();
  const child = startPeer(stage, program, { port, edge: edge.port, peers });
  await listening(child, port);
  const measured: Measured = {
    pids: () => processTree(child.pid),
    stop: async () => {
      await child.stop();
      await edge.child.stop();
    },
  };
  return { measured, target };
}

/** A pod with its edges, up. All start on `core`; where the edges run is the caller's affair. */
export async function startPod(
  stage: Stage,
  mode: 'relay' | 'hand-off',
  at: { port: number; edges: number; core: number | null },
): Promise<{ child: Child; edgePids: ReadonlySet<number> }> {
  const conf = join(stage.dir, `pod-${at.port}.conf`);
  const runDir = join(stage.dir, `pod-${at.port}`);
  writeFileSync(conf, podConf(stage.origin));
  const ports = async () => {
    const list: number[] = [];
    for (let slot = 0; slot < at.edges; slot++) list.push(await freePort());
    return list.join(',');
  };
  const flags = {
    '-w': '1',
    '-p': at.port,
    '-x': await freePort(),
    '-s': await ports(),
    '-y': await ports(),
    '-c': conf,
    '--api-base': await freePort(),
    '--address': '127.0.0.1',
    '--mode': mode === 'relay' ? 'relay' : 'auto',
    '--run-dir': runDir,
  };
  const args = Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)]);
  const child = startChild(at.core, join(root, 'bin/dolphin-pod'), ['alone', ...args], { cwd: stage.dir });
  await listening(child, at.port);
  return { child, edgePids: await edgesUp(child, runDir, at.edges) };
}

function startPeer(stage: Stage, program: string, at: { port: number; edge: number; peers: readonly Peer[] }): Child {
  const o = { cwd: stage.dir };
  const file = join(stage.dir, `${program}-${at.port}.cfg`);
  switch (program) {
    case 'haproxy':
    case 'haproxy-splice':
      writeFileSync(file, haproxyConf({ port: at.port, edges: [at.edge], threads: 1 }, program === 'haproxy-splice'));
      return startChild(MEASURED_CORE, 'haproxy', ['-db', '-f', file], o);
    case 'nginx':
      writeFileSync(file, nginxStreamConf(stage.dir, at));
      return startChild(MEASURED_CORE, 'nginx', ['-p', stage.dir, '-c', file, '-e', '/dev/null'], o);
    default: {
      const peer = at.peers.find(({ name }) => name === program);
      if (peer === undefined) throw new Error(`no proxy of the name ${program}`);
      const words = peer.command.split(/\s+/).filter(Boolean);
      const [command = '', ...args] = words.map((word) =>
        word.replaceAll('{port}', String(at.port)).replaceAll('{edge}', String(at.edge)),
      );
      return startChild(MEASURED_CORE, command, args, o);
    }
  }
}

/** HAProxy before edges of its own, on all cores. */
export async function startHaproxyFarm(
  stage: Stage,
  at: { port: number; edges: number },
): Promise<{ child: Child; edges: readonly Child[] }> {
  const edges = [];
  for (let i = 0; i < at.edges; i++) edges.push(await stage.startEdge(null));
  const file = join(stage.dir, `haproxy-${at.port}.cfg`);
  writeFileSync(file, haproxyConf({ port: at.port, edges: edges.map(({ port }) => port), threads: 2 }, false));
  const child = startChild(null, 'haproxy', ['-db', '-f', file], { cwd: stage.dir });
  await listening(child, at.port);
  return { child, edges: edges.map((edge) => edge.child) };
}

const podConf = (origin: string) => `max_connections 9000;
vhost __defaultVhost__ {
    cluster { mode remote; origin ${origin}; }
    play { gop_cache on; mw_latency 350; }
    http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }
}
`;

const EDGES_UP_MS = 30_000;
const EDGES_POLL_MS = 100;

/** The pids of a pod's edges, when all are ready. */
async function edgesUp(child: Child, runDir: string, edges: number): Promise<Set<number>> {
  const deadline = performance.now() + EDGES_UP_MS;
  for (;;) {
    const ready = (await podState(runDir))?.edges.filter(({ state }) => state === 'ready') ?? [];
    if (ready.length === edges) return new Set(ready.flatMap(({ pid }) => pid ?? []));
    if (performance.now() > deadline) {
      throw new Error(`the pod has ${ready.length} of ${edges} edges:\n${child.output()}`);
    }
    await wait(EDGES_POLL_MS);
  }
}

function pin(pid: number, core: number): void {
  if (canPin) spawnSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
}
