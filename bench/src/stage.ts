import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, MEASURED_CORE, OTHER_CORE } from './child.js';
import { type EdgeProgram, isRaw } from './edge-programs.js';
import { MAX_PLAYERS } from './load.js';
import type { LoadProtocol, LoadTarget } from './load-player.js';
import { STREAM, type Started, startProgram, startSamplePublisher } from './start-program.js';

/** A program under measurement, and what players of it connect to. */
export interface Staged {
  started: Started;
  target: LoadTarget;
}

/** What stands behind the measured edges: an origin and its publisher, on the other core, for the whole bench. */
export interface Stage {
  dir: string;
  /** A player here sees what the stream itself has. */
  reference: LoadTarget;
  /** `host:port` of the origin. */
  origin: string;
  start(program: EdgeProgram, protocol: LoadProtocol, players: number): Promise<Staged>;
  /** A built-in edge beside the origin, for a proxy to stand before, on the core of the others unless another is named. */
  startEdge(core?: number | null): Promise<{ child: Child; port: number }>;
  close(): Promise<void>;
}

export interface StageOptions {
  srsBinary?: string | undefined;
  sample?: string;
  core?: number | null;
}

export async function buildStage(o: StageOptions = {}): Promise<Stage> {
  const { core = OTHER_CORE, srsBinary } = o;
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-bench-'));
  const behind = { dir, srsBinary, core, players: 100, origin: null, lowLatency: true };
  const { rtmp: origin } = await startProgram('builtin', behind);
  startSamplePublisher(origin, dir, { ...(o.sample === undefined ? {} : { sample: o.sample }), core });

  return {
    dir,
    reference: { protocol: 'rtmp', url: `rtmp://127.0.0.1:${origin}/${STREAM}` },
    origin: `127.0.0.1:${origin}`,
    start: async (program, protocol, players) => {
      const started = await startProgram(program, { dir, players, origin, srsBinary, core: MEASURED_CORE });
      return { started, target: targetOf(program, protocol, started) };
    },
    startEdge: async (edgeCore = OTHER_CORE) => {
      const at = { dir, players: MAX_PLAYERS, origin, srsBinary, core: edgeCore };
      const { child, rtmp } = await startProgram('builtin', at);
      return { child, port: rtmp };
    },
    close: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Where players of a program connect to. */
export function targetOf(program: EdgeProgram, protocol: LoadProtocol, at: Pick<Started, 'rtmp' | 'http'>): LoadTarget {
  if (isRaw(program)) return { protocol: 'raw', url: `http://127.0.0.1:${at.rtmp}` };
  return protocol === 'flv'
    ? { protocol: 'flv', url: `http://127.0.0.1:${at.http}/${STREAM}.flv` }
    : { protocol: 'rtmp', url: `rtmp://127.0.0.1:${at.rtmp}/${STREAM}` };
}
