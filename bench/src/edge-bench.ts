import { type EdgeProgram, programsFor } from './edge-programs.js';
import { processTree } from './process-tree.js';
import type { Report } from './report.js';
import { type RoundsResult, runRounds } from './rounds.js';
import { buildStage } from './stage.js';
import { floorBytesPerSecond } from './start-program.js';
import { judge, type Target, voidReasons } from './verdict.js';

export interface EdgeBenchOptions {
  players: number;
  streams: number;
  publishers: number;
  seconds: number;
  rounds: number;
  protocol: 'rtmp' | 'flv';
  /** Empty: all that can be run. */
  programs: readonly EdgeProgram[];
  srsBinary: string | undefined;
  progress(text: string): void;
}

export type EdgeBenchResult = RoundsResult & Pick<Report, 'void' | 'verdicts'> & { reference: string };

export const EDGE_REFERENCE = 'floor';

/** What the built-in edge is to reach: docs/4-performance.md. */
const TARGETS: readonly Target[] = [
  { program: 'builtin', atMost: 1.15, times: 'floor' },
  { program: 'builtin', atMost: 0.65, times: 'srs' },
  { program: 'builtin', atMost: 10, kbPerClient: true },
];

/** Many players of one stream: the built-in edge and its peers, against a program that only writes the same bytes. */
export async function benchPlayers(o: EdgeBenchOptions): Promise<EdgeBenchResult> {
  const { players, protocol, srsBinary } = o;
  const programs = programsFor({ wanted: o.programs, protocol, hasSrs: srsBinary !== undefined });
  const stage = await buildStage({ srsBinary });
  try {
    const result = await runRounds({
      ...o,
      programs,
      reference: EDGE_REFERENCE,
      start: async (name) => {
        const program = name as EdgeProgram;
        const { started, target } = await stage.start(program, protocol, players);
        const source =
          target.protocol === 'raw'
            ? { sourceBytesPerSecond: floorBytesPerSecond() }
            : program === 'node-media-server'
              ? // It has a publisher of its own, which is elsewhere in the sample.
                {}
              : { reference: stage.reference };
        return {
          measured: { pids: () => processTree(started.child.pid), stop: () => started.stop() },
          load: { target, players, ...source },
        };
      },
    });
    return judged(result, programs, TARGETS);
  } finally {
    await stage.close();
  }
}

/** Peers may starve: that is their figure. No verdict on what was not measured beside floor and HAProxy: nothing would say that the machine was quiet. */
function judged(result: RoundsResult, programs: readonly string[], targets: readonly Target[]): EdgeBenchResult {
  const reasons = voidReasons(result.runs, { judged: ['floor', 'haproxy', 'builtin', 'srs'], checksFloor: true });
  const isChecked = programs.includes('haproxy');
  const verdicts = reasons.length > 0 || !isChecked ? [] : judge(result.runs, targets);
  return { ...result, reference: EDGE_REFERENCE, void: reasons, verdicts };
}
