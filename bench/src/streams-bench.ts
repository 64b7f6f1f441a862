import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTHER_CORE } from './child.js';
import type { EdgeBenchOptions, EdgeBenchResult } from './edge-bench.js';
import { LoadChild } from './load-child.js';
import { processTree } from './process-tree.js';
import { runRounds } from './rounds.js';
import { targetOf } from './stage.js';
import { startProgram } from './start-program.js';
import { judge, voidReasons } from './verdict.js';

const ONE = 'one-stream';
const MANY = 'many-streams';
const TARGETS = [{ program: MANY, atMost: 1.5, times: ONE }] as const;

/** The same players of the built-in edge on one stream, and spread over many, all pulled from an origin. */
export async function benchStreams(o: EdgeBenchOptions): Promise<EdgeBenchResult> {
  const { streams, players } = o;
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-bench-'));
  const publishers = new LoadChild();
  const at = { dir, srsBinary: undefined, core: OTHER_CORE, players: streams * 2, origin: null, lowLatency: true };
  const behind = await startProgram('builtin', at);
  try {
    await publishers.start({ kind: 'publish', target: targetOf('builtin', 'rtmp', behind), players: streams });
    const result = await runRounds({
      ...o,
      programs: [ONE, MANY],
      reference: ONE,
      start: async (name) => {
        const started = await startProgram('builtin', { dir, players, origin: behind.rtmp, srsBinary: undefined });
        return {
          measured: { pids: () => processTree(started.child.pid), stop: () => started.stop() },
          load: { target: targetOf('builtin', 'rtmp', started), players, streams: name === ONE ? 1 : streams },
        };
      },
    });
    const reasons = voidReasons(result.runs, { judged: [ONE, MANY], checksFloor: false });
    return {
      ...result,
      reference: ONE,
      void: reasons,
      verdicts: reasons.length > 0 ? [] : judge(result.runs, TARGETS),
    };
  } finally {
    await publishers.stop();
    await behind.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
