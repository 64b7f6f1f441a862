import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventRow } from '@dolphin/protocol';
import { ControlFarm, ready } from './control-farm.js';
import { cpuMicroseconds, rssBytes } from './process-usage.js';
import { benchReplay, type ReplayResult } from './replay-bench.js';
import { root } from './start-program.js';

export interface ControlBenchOptions {
  edges: number;
  kills: number;
  /** How long idle processes are watched. */
  seconds: number;
  /** Lengths of the logs that a master folds. */
  entries: readonly number[];
  progress(text: string): void;
}

/** Times in ms. */
export interface Spread {
  count: number;
  median: number;
  p99: number;
}

export interface ControlResult {
  bench: 'control';
  /** From the decision to the edge's readiness, as the log has both. */
  commandToReadyMs: Spread;
  /** From the answer to apply until all edges are ready, from 1 to `edges`. */
  scale: { edges: number; ms: number };
  /** From kill -9 of an edge until its next process is ready. */
  killToReadyMs: Spread;
  /** `dolphin-cli status --json`, the process from its start to its end; `bareNodeMs`: a program that does nothing. */
  status: { ms: Spread; bareNodeMs: number };
  idle: Record<'master' | 'worker' | 'pod', { cpuPercent: number; rssMb: number }>;
  replay: ReplayResult[];
}

/** As many as a block of ports of `up` has. */
export const MAX_CONTROL_EDGES = 30;

const READY_WITHIN_MS = 120_000;
const STATUS_RUNS = 10;
/** What starts did is over: compilers, snapshots, the collector. */
const SETTLE_MS = 5000;

/** What the control plane takes, on a farm of its own that `up` starts. */
export async function benchControl(o: ControlBenchOptions): Promise<ControlResult> {
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-control-'));
  try {
    const farm = await ControlFarm.start(join(dir, 'farm'));
    const onFarm = await measureFarm(farm, o).finally(() => farm.stop());
    const replay: ReplayResult[] = [];
    for (const entries of o.entries) replay.push(await benchReplay(entries, dir, o.progress));
    return { bench: 'control', ...onFarm, replay };
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureFarm(
  farm: ControlFarm,
  o: ControlBenchOptions,
): Promise<Omit<ControlResult, 'bench' | 'replay'>> {
  const { sequence } = await farm.view();
  await farm.scale(o.edges);
  const ms = await farm.until(
    READY_WITHIN_MS,
    `${o.edges} edges are ready`,
    (edges) => ready(edges).length === o.edges,
  );
  o.progress(`1 to ${o.edges} edges: ${Math.round(ms)} ms`);
  const { events } = await farm.events(sequence);
  const commandToReadyMs = spread(assignedToReady(events));
  await wait(SETTLE_MS);
  const killToReadyMs = spread(await killEdges(farm, o.kills));
  o.progress(`an edge is ready ${killToReadyMs.median} ms after kill -9`);
  const cli = [join(root, 'bin/dolphin-cli'), '--api', farm.api, 'status', '--json'];
  const status = { ms: spread(timesOf(cli)), bareNodeMs: spread(timesOf(['-e', '0'])).median };
  await wait(SETTLE_MS);
  const idle = await watchIdle(farm, o.seconds);
  return { commandToReadyMs, scale: { edges: o.edges, ms: Math.round(ms) }, killToReadyMs, status, idle };
}

/** Of each edge of this history that became ready. */
function assignedToReady(events: readonly EventRow[]): number[] {
  const assignedAt = new Map<string, number>();
  const times: number[] = [];
  for (const { at, type, data } of events) {
    const edge = `${data['role']} ${data['slot']}`;
    if (type === 'edge-assigned') assignedAt.set(edge, Date.parse(at));
    const since = assignedAt.get(edge);
    if (type === 'edge-ready' && since !== undefined) times.push(Date.parse(at) - since);
  }
  return times;
}

/** One after the other, each when all are ready. */
async function killEdges(farm: ControlFarm, kills: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < kills; i++) {
    const edges = ready((await farm.view()).edges);
    const victim = edges[i % edges.length];
    if (victim?.pid === undefined || victim.pid === null) throw new Error('there is no edge to kill');
    process.kill(victim.pid, 'SIGKILL');
    times.push(
      await farm.until(READY_WITHIN_MS, 'a killed edge is ready again', (now) =>
        ready(now).some(({ slot, pid }) => slot === victim.slot && pid !== victim.pid),
      ),
    );
    // Failures in a row are answered with delays; these are to be as accidents are.
    await wait(SETTLE_MS);
  }
  return times;
}

function timesOf(args: readonly string[]): number[] {
  return Array.from({ length: STATUS_RUNS }, () => {
    const began = performance.now();
    spawnSync(process.execPath, args, { stdio: 'ignore' });
    return performance.now() - began;
  });
}

async function watchIdle(farm: ControlFarm, seconds: number): Promise<ControlResult['idle']> {
  const pids = await farm.pids();
  const before = mapOf(pids, cpuMicroseconds);
  const began = performance.now();
  await wait(seconds * 1000);
  const wallUs = (performance.now() - began) * 1000;
  const figuresOf = (name: keyof typeof pids) => ({
    cpuPercent: Math.round(((cpuMicroseconds(pids[name]) - before[name]) / wallUs) * 10_000) / 100,
    rssMb: Math.round(rssBytes(pids[name]) / 1e6),
  });
  return { master: figuresOf('master'), worker: figuresOf('worker'), pod: figuresOf('pod') };
}

function mapOf<Name extends string>(of: Record<Name, number>, fn: (value: number) => number): Record<Name, number> {
  const entries = Object.entries(of) as [Name, number][];
  return Object.fromEntries(entries.map(([name, value]) => [name, fn(value)])) as Record<Name, number>;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, median: at(0.5), p99: at(0.99) };
}

export function controlText(result: ControlResult): string {
  const { commandToReadyMs, scale, killToReadyMs, status, idle, replay } = result;
  const rows = Object.entries(idle).map(
    ([name, { cpuPercent, rssMb }]) => `  ${name}: ${cpuPercent} % of a core, ${rssMb} MB`,
  );
  const replays = replay.map(
    ({ entries, fromLogMs, fromLogCpuMs, fromSnapshotMs, rssMb }) =>
      `a master with ${entries} entries: ready after ${fromLogMs} ms (${fromLogCpuMs} ms of CPU), from its snapshot ${fromSnapshotMs} ms, ${rssMb} MB`,
  );
  return [
    `decision to ready edge: ${commandToReadyMs.median} ms median, ${commandToReadyMs.p99} ms p99 of ${commandToReadyMs.count}`,
    `apply from 1 to ${scale.edges} edges: ${scale.ms} ms`,
    `kill -9 of an edge to ready: ${killToReadyMs.median} ms median, ${killToReadyMs.p99} ms p99 of ${killToReadyMs.count}`,
    `status: ${status.ms.median} ms median, ${status.ms.p99} ms p99 (node that does nothing: ${status.bareNodeMs} ms)`,
    `idle, with ${scale.edges} edges:`,
    ...rows,
    ...replays,
    '',
  ].join('\n');
}
