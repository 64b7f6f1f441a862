import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlvReader } from '@dolphin/media';
import { type Child, freePort, listening, MEASURED_CORE, OTHER_CORE, startChild } from './child.js';
import { MAX_PLAYERS } from './load.js';
import type { LoadProtocol, LoadTarget } from './load-player.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const SAMPLE = join(root, 'test/data/sample-500k.flv');
export const STREAM = 'live/livestream';
/** SRS's default for merging writes, kept by the built-in edge; the floor writes at the same pace. */
const MW_LATENCY_MS = 350;

/** `builtin`: the edge in this repository. `srs`: the binary that SRS_BIN names. `floor`: floor.ts. */
export type ProgramName = 'floor' | 'builtin' | 'srs';

/** A program under measurement, and what players of it connect to. */
export interface Staged {
  child: Child;
  target: LoadTarget;
}

/** What stands behind the measured edges: an origin and its publisher, on the other core, for the whole bench. */
export interface Stage {
  dir: string;
  /** A player here sees what the stream itself has. */
  reference: LoadTarget;
  /** `host:port` of the origin. */
  origin: string;
  /** What the floor writes to each player, in bytes per second. */
  floorBytesPerSecond: number;
  start(program: ProgramName, protocol: LoadProtocol, players: number): Promise<Staged>;
  /** A built-in edge beside the origin, for a proxy to stand before, on the core of the others unless another is named. */
  startEdge(core?: number | null): Promise<{ child: Child; port: number }>;
  close(): Promise<void>;
}

export async function buildStage(
  srsBinary: string | undefined,
  o: { sample?: string; core?: number | null } = {},
): Promise<Stage> {
  const { core = OTHER_CORE } = o;
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-bench-'));
  const origin = await freePort();
  const originConf = conf(dir, 'origin', { rtmp: origin, players: 100 }, '');
  const originChild = startChild(core, process.execPath, [join(root, 'bin/dolphin-edge'), '-c', originConf], {
    cwd: dir,
  });
  await listening(originChild, origin);
  const url = `rtmp://127.0.0.1:${origin}/${STREAM}`;
  const publisher = join(root, 'services/launcher/dist/sample-publisher.js');
  const file = o.sample === undefined ? [] : ['--file', o.sample];
  startChild(core, process.execPath, [publisher, '--url', url, ...file], { cwd: dir });

  return {
    dir,
    reference: { protocol: 'rtmp', url },
    origin: `127.0.0.1:${origin}`,
    floorBytesPerSecond: (pieceBytes() * 1000) / MW_LATENCY_MS,
    start: async (program, protocol, players) => {
      const [rtmp, http, api] = [await freePort(), await freePort(), await freePort()];
      const child = startProgram(program, { dir, rtmp, http, api, players, origin, srsBinary });
      const port = program !== 'floor' && protocol === 'flv' ? http : rtmp;
      await listening(child, port);
      return { child, target: targetOf(program, protocol, port) };
    },
    startEdge: async (edgeCore = OTHER_CORE) => {
      const at = { rtmp: await freePort(), api: await freePort(), players: MAX_PLAYERS };
      const file = conf(dir, `behind-${at.rtmp}`, at, `cluster { mode remote; origin 127.0.0.1:${origin}; }`);
      const child = startChild(edgeCore, process.execPath, [join(root, 'bin/dolphin-edge'), '-c', file], {
        cwd: dir,
      });
      await listening(child, at.rtmp);
      return { child, port: at.rtmp };
    },
    close: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function targetOf(program: ProgramName, protocol: LoadProtocol, port: number): LoadTarget {
  if (program === 'floor') return { protocol: 'raw', url: `http://127.0.0.1:${port}` };
  return protocol === 'flv'
    ? { protocol: 'flv', url: `http://127.0.0.1:${port}/${STREAM}.flv` }
    : { protocol: 'rtmp', url: `rtmp://127.0.0.1:${port}/${STREAM}` };
}

interface Places {
  dir: string;
  rtmp: number;
  http: number;
  api: number;
  players: number;
  origin: number;
  srsBinary: string | undefined;
}

function startProgram(program: ProgramName, at: Places): Child {
  const o = { cwd: at.dir };
  if (program === 'floor') {
    const floor = fileURLToPath(new URL('floor.js', import.meta.url));
    const args = ['--port', String(at.rtmp), '--bytes', String(pieceBytes()), '--interval-ms', String(MW_LATENCY_MS)];
    return startChild(MEASURED_CORE, process.execPath, [floor, ...args], o);
  }
  const cluster = `cluster { mode remote; origin 127.0.0.1:${at.origin}; }`;
  if (program === 'builtin') {
    const file = conf(at.dir, 'edge', at, cluster);
    return startChild(MEASURED_CORE, process.execPath, [join(root, 'bin/dolphin-edge'), '-c', file], o);
  }
  if (at.srsBinary === undefined) throw new Error('SRS_BIN is not set');
  const file = conf(at.dir, 'srs', at, cluster);
  return startChild(MEASURED_CORE, at.srsBinary, ['-c', file], o);
}

/** A conf that SRS 5 and the built-in server read alike. Without http, for the origin, nothing but RTMP. */
function conf(
  dir: string,
  name: string,
  at: { rtmp: number; http?: number; api?: number; players: number },
  cluster: string,
): string {
  const http = at.http === undefined ? '' : `http_server { enabled on; listen 127.0.0.1:${at.http}; }`;
  const api = at.api === undefined ? '' : `http_api { enabled on; listen 127.0.0.1:${at.api}; }`;
  const media =
    cluster === ''
      ? 'min_latency on; play { gop_cache on; mw_latency 0; time_jitter off; }'
      : `play { gop_cache on; mw_latency ${MW_LATENCY_MS}; }`;
  const file = join(dir, `${name}.conf`);
  writeFileSync(
    file,
    `listen 127.0.0.1:${at.rtmp};
max_connections ${at.players + 100};
daemon off;
pid ${name}.pid;
srs_log_tank file;
srs_log_file /dev/null;
${http}
${api}
vhost __defaultVhost__ {
    ${cluster}
    ${media}
    http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }
}
`,
  );
  return file;
}

/** What the sample stream has, on average, in one write of the floor. */
function pieceBytes(): number {
  const file = readFileSync(SAMPLE);
  const lastMs = new FlvReader().push(file).at(-1)?.timestamp ?? 0;
  if (lastMs === 0) throw new Error(`${SAMPLE} is no stream`);
  return Math.round((file.length / lastMs) * MW_LATENCY_MS);
}
