import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlvReader } from '@dolphin/media';
import { type Child, freePort, listening, MEASURED_CORE, OTHER_CORE, startChild } from './child.js';
import type { EdgeProgram } from './edge-programs.js';
import { haproxyConf, nginxRtmpConf, nodeMediaServerConf } from './peer-confs.js';
import { MW_LATENCY_MS, writeSrsConf } from './srs-conf.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const SAMPLE = join(root, 'test/data/sample-500k.flv');
export const STREAM = 'live/livestream';

export interface ProgramPlaces {
  dir: string;
  /** Clients that it is to take. */
  players: number;
  /** The port of loopback that it pulls from; null: publishers come to it. */
  origin: number | null;
  srsBinary: string | undefined;
  lowLatency?: boolean;
  core?: number | null;
}

/** A program that is up. */
export interface Started {
  /** The process that is measured. */
  child: Child;
  rtmp: number;
  http: number;
  stop(): Promise<void>;
}

/** Starts one and what stands behind it alone; resolves when it listens. */
export async function startProgram(program: EdgeProgram, at: ProgramPlaces): Promise<Started> {
  const { core = MEASURED_CORE } = at;
  const ports = { rtmp: await freePort(), http: await freePort(), api: await freePort() };
  const behind: Child[] = [];
  const child = await launch(program, { ...at, ...ports, core }, behind);
  await listening(child, ports.rtmp);
  // It cannot pull: the stream is published to it.
  if (program === 'node-media-server' && at.origin !== null) behind.push(startSamplePublisher(ports.rtmp, at.dir));
  const stop = async () => {
    await child.stop();
    for (const other of behind) await other.stop();
  };
  return { child, rtmp: ports.rtmp, http: ports.http, stop };
}

type Places = ProgramPlaces & { rtmp: number; http: number; api: number; core: number | null };

async function launch(program: EdgeProgram, at: Places, behind: Child[]): Promise<Child> {
  const o = { cwd: at.dir };
  const { dir, rtmp, core } = at;
  const lowLatency = at.lowLatency === true;
  switch (program) {
    case 'floor':
      return startFloor(core, rtmp, at.origin !== null);
    case 'haproxy': {
      const port = await freePort();
      const floor = startFloor(OTHER_CORE, port, at.origin !== null);
      behind.push(floor);
      await listening(floor, port);
      const file = join(dir, `haproxy-${rtmp}.cfg`);
      writeFileSync(file, haproxyConf({ port: rtmp, edges: [port], threads: 1 }, false));
      return startChild(core, 'haproxy', ['-db', '-f', file], o);
    }
    case 'builtin': {
      const file = writeSrsConf(dir, 'builtin', { ...at, lowLatency });
      // By itself, with the engine's flags that stand in its first line.
      return startChild(core, join(root, 'bin/dolphin-edge'), ['-c', file], o);
    }
    case 'srs': {
      if (at.srsBinary === undefined) throw new Error('no SRS is named');
      return startChild(core, at.srsBinary, ['-c', writeSrsConf(dir, 'srs', { ...at, lowLatency })], o);
    }
    case 'nginx-rtmp': {
      const file = join(dir, `nginx-rtmp-${rtmp}.conf`);
      writeFileSync(file, nginxRtmpConf(dir, { port: rtmp, origin: at.origin }));
      return startChild(core, 'nginx', ['-p', dir, '-c', file, '-e', '/dev/null'], o);
    }
    case 'node-media-server': {
      const file = join(dir, `node-media-server-${rtmp}.json`);
      writeFileSync(file, nodeMediaServerConf(dir, at));
      const main = createRequire(import.meta.url).resolve('node-media-server/bin/app.js');
      return startChild(core, process.execPath, [main, '-c', file], o);
    }
    default:
      return program satisfies never;
  }
}

/** Publishes the sample, or `sample`, for as long as the bench lives. */
export function startSamplePublisher(
  port: number,
  dir: string,
  o: { sample?: string; core?: number | null } = {},
): Child {
  const { core = OTHER_CORE } = o;
  const publisher = join(root, 'services/launcher/dist/sample-publisher.js');
  const file = o.sample === undefined ? [] : ['--file', o.sample];
  const url = `rtmp://127.0.0.1:${port}/${STREAM}`;
  return startChild(core, process.execPath, [publisher, '--url', url, ...file], { cwd: dir });
}

function startFloor(core: number | null, port: number, writes: boolean): Child {
  const floor = fileURLToPath(new URL('floor.js', import.meta.url));
  const args = [
    '--port',
    String(port),
    '--bytes',
    String(writes ? pieceBytes() : 0),
    '--interval-ms',
    String(MW_LATENCY_MS),
  ];
  return startChild(core, process.execPath, [floor, ...args]);
}

/** What the floor writes to each player, in bytes per second. */
export function floorBytesPerSecond(): number {
  return (pieceBytes() * 1000) / MW_LATENCY_MS;
}

/** What the sample stream has, on average, in one write of the floor. */
function pieceBytes(): number {
  const file = readFileSync(SAMPLE);
  const lastMs = new FlvReader().push(file).at(-1)?.timestamp ?? 0;
  if (lastMs === 0) throw new Error(`${SAMPLE} is no stream`);
  return Math.round((file.length / lastMs) * MW_LATENCY_MS);
}
