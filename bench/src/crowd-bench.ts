import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { encodeFlvTag, FlvReader, flvHeader } from '@dolphin/media';
import { freePort } from './child.js';
import type { LoadResult } from './load.js';
import { LoadChild } from './load-child.js';
import { processTree } from './process-tree.js';
import { cpuMicroseconds, rssBytes } from './process-usage.js';
import { startHaproxyFarm, startPod } from './proxy-stage.js';
import { buildStage, type Stage } from './stage.js';
import { SAMPLE, STREAM } from './start-program.js';

export const CROWD_MODES = ['hand-off', 'relay', 'haproxy'] as const;
/** `haproxy` is the same edges behind HAProxy, to tell what the machine itself takes. */
export type CrowdMode = (typeof CROWD_MODES)[number];

export function isCrowdMode(text: string): text is CrowdMode {
  return CROWD_MODES.some((mode) => mode === text);
}

export interface CrowdOptions {
  players: number;
  edges: number;
  seconds: number;
  mode: CrowdMode;
  /** All dial at once. */
  burst: boolean;
  progress(text: string): void;
}

export interface CrowdResult {
  bench: 'crowd';
  mode: CrowdOptions['mode'];
  players: number;
  edges: number;
  /** Until the last of them played, in ms. */
  allPlayAfterMs: number;
  seconds: number;
  kbps: LoadResult['kbps'];
  starving: number;
  /** Of the pod (or HAProxy), its relay processes and its edges together; 100 is one core. */
  serverCpuPercent: number;
  /** Without the edges. */
  proxyCpuPercent: number;
  serverRssMb: number;
  loadCpuPercent: number;
}

/** What a process may have open on the machines that this is for, less what it needs itself. */
const PLAYERS_PER_LOAD = 9500;
/** Each load dials from addresses of its own: one has about 28,000 ports. */
const ADDRESSES_PER_LOAD = 10;
const SETTLE_MS = 3000;

/** Very many players of one stream of 250 kbit/s, through one pod, on all cores of the machine. */
export async function benchCrowd(o: CrowdOptions): Promise<CrowdResult> {
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-crowd-'));
  const sample = join(dir, 'half-pace.flv');
  writeFileSync(sample, halfPace(readFileSync(SAMPLE)));
  const stage = await buildStage({ sample, core: null });
  const loads: LoadChild[] = [];
  try {
    const port = await freePort();
    const farm = await startFarm(stage, o.mode, { port, edges: o.edges });
    const count = Math.ceil(o.players / PLAYERS_PER_LOAD);
    const players = share(o.players, count);
    for (let i = 0; i < count; i++) loads.push(new LoadChild(null));
    const target = { protocol: 'rtmp' as const, url: `rtmp://127.0.0.1:${port}/${STREAM}` };
    const began = performance.now();
    await Promise.all(
      loads.map((load, i) =>
        load.start({
          target,
          players: players[i] ?? 0,
          burst: o.burst,
          firstAddress: 2 + i * ADDRESSES_PER_LOAD,
          ...(i === 0 && { reference: stage.reference }),
        }),
      ),
    );
    const allPlayAfterMs = Math.round(performance.now() - began);
    o.progress(`all ${o.players} play after ${allPlayAfterMs} ms`);
    await wait(SETTLE_MS);
    return { ...(await measure(o, farm, loads)), allPlayAfterMs };
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
    await stage.close();
    await rm(dir, { recursive: true, force: true });
  }
}

interface Farm {
  /** Pids of all that serves. */
  all(): number[];
  readonly edgePids: ReadonlySet<number>;
}

async function startFarm(stage: Stage, mode: CrowdMode, at: { port: number; edges: number }): Promise<Farm> {
  if (mode !== 'haproxy') {
    const { child, edgePids } = await startPod(stage, mode, { ...at, core: null });
    return { all: () => processTree(child.pid), edgePids };
  }
  const { child, edges } = await startHaproxyFarm(stage, at);
  const edgePids = new Set(edges.flatMap((edge) => processTree(edge.pid)));
  return { all: () => [...processTree(child.pid), ...edgePids], edgePids };
}

async function measure(
  o: CrowdOptions,
  farm: Farm,
  loads: readonly LoadChild[],
): Promise<Omit<CrowdResult, 'allPlayAfterMs'>> {
  const { all } = farm;
  const cpu = () => all().map((pid) => ({ pid, us: cpuMicroseconds(pid) }));
  for (const load of loads) load.mark();
  const [beganAt, before] = [performance.now(), cpu()];
  await wait(o.seconds * 1000);
  const seconds = (performance.now() - beganAt) / 1000;
  const used = cpu().map(({ pid, us }) => ({ pid, us: us - (before.find((one) => one.pid === pid)?.us ?? 0) }));
  const results = await Promise.all(loads.map((load) => load.measure()));
  const percent = (us: number) => Math.round(us / seconds / 1000) / 10;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  // The source is known to the first load only; a player of another is judged by its fellows.
  return {
    bench: 'crowd',
    mode: o.mode,
    players: o.players,
    edges: o.edges,
    seconds: Math.round(seconds * 10) / 10,
    kbps: {
      min: Math.min(...results.map(({ kbps }) => kbps.min)),
      median: results[0]?.kbps.median ?? 0,
      max: Math.max(...results.map(({ kbps }) => kbps.max)),
    },
    starving: sum(results.map(({ starving }) => starving)),
    serverCpuPercent: percent(sum(used.map(({ us }) => us))),
    proxyCpuPercent: percent(sum(used.filter(({ pid }) => !farm.edgePids.has(pid)).map(({ us }) => us))),
    serverRssMb: Math.round(sum(all().map(rssBytes)) / 1e6),
    loadCpuPercent: Math.round(sum(results.map(({ cpuPercent }) => cpuPercent)) * 10) / 10,
  };
}

export function crowdText(result: CrowdResult): string {
  const { kbps } = result;
  return [
    `${result.players} players, ${result.edges} edges, by ${result.mode}: all play after ${result.allPlayAfterMs} ms`,
    `kbit/s per player: ${kbps.min} min, ${kbps.median} median, ${kbps.max} max; ${result.starving} starved`,
    `servers ${result.serverCpuPercent} % of a core (without the edges ${result.proxyCpuPercent} %), ${result.serverRssMb} MB`,
    `load ${result.loadCpuPercent} % of a core`,
    '',
  ].join('\n');
}

/** The sample at half its pace, and so at half its bitrate: about 250 kbit/s. */
function halfPace(file: Buffer): Buffer {
  const tags = new FlvReader().push(file);
  return Buffer.concat([
    flvHeader({ audio: true, video: true }),
    ...tags.map((tag) => encodeFlvTag({ ...tag, timestamp: tag.timestamp * 2 })),
  ]);
}

/** `total` in `parts` that differ by one at most. */
function share(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, i) => Math.floor((total + i) / parts));
}
