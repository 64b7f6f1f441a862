import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EDGE_REFERENCE, type EdgeBenchOptions, type EdgeBenchResult } from './edge-bench.js';
import { type EdgeProgram, programsFor } from './edge-programs.js';
import { processTree } from './process-tree.js';
import { runRounds } from './rounds.js';
import { targetOf } from './stage.js';
import { startProgram } from './start-program.js';
import { judge, voidReasons } from './verdict.js';

const TARGETS = [{ program: 'builtin', atMost: 0.9, times: 'srs' }] as const;

/** Many publishers that nobody plays, each of a stream of its own, in CPU time for each megabyte received. */
export async function benchPublishers(o: EdgeBenchOptions): Promise<EdgeBenchResult> {
  const { publishers, srsBinary } = o;
  const programs = programsFor({ wanted: o.programs, protocol: 'rtmp', hasSrs: srsBinary !== undefined });
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-bench-'));
  try {
    const result = await runRounds({
      ...o,
      programs,
      reference: EDGE_REFERENCE,
      start: async (name) => {
        const program = name as EdgeProgram;
        const started = await startProgram(program, { dir, players: publishers, origin: null, srsBinary });
        return {
          measured: { pids: () => processTree(started.child.pid), stop: () => started.stop() },
          load: { kind: 'publish', target: targetOf(program, 'rtmp', started), players: publishers },
        };
      },
    });
    // What HAProxy pays for bytes that come in says nothing of the floor: Node reads them into memory of their own.
    const reasons = voidReasons(result.runs, { judged: ['builtin', 'srs'], checksFloor: false });
    const verdicts = reasons.length > 0 ? [] : judge(result.runs, TARGETS);
    return { ...result, reference: EDGE_REFERENCE, void: reasons, verdicts };
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
