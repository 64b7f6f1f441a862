import { type Run, runRounds, type Summary } from './rounds.js';
import { buildStage, type ProgramName } from './stage.js';

export interface EdgeBenchOptions {
  players: number;
  seconds: number;
  rounds: number;
  protocol: 'rtmp' | 'flv';
  srsBinary: string | undefined;
  progress(text: string): void;
}

export const EDGE_REFERENCE = 'floor';

/** The built-in edge, and SRS where there is one, against the bare floor. */
export async function benchEdge(o: EdgeBenchOptions): Promise<{ runs: Run[]; summary: Summary[] }> {
  const programs: ProgramName[] = [EDGE_REFERENCE, 'builtin', ...(o.srsBinary === undefined ? [] : ['srs' as const])];
  const stage = await buildStage(o.srsBinary);
  try {
    return await runRounds({
      ...o,
      programs,
      reference: EDGE_REFERENCE,
      start: async (program) => {
        const { child, target } = await stage.start(program as ProgramName, o.protocol, o.players);
        const source =
          program === EDGE_REFERENCE
            ? { sourceBytesPerSecond: stage.floorBytesPerSecond }
            : { reference: stage.reference };
        return {
          measured: { pids: () => [child.pid], stop: () => child.stop() },
          load: { target, players: o.players, ...source },
        };
      },
    });
  } finally {
    await stage.close();
  }
}
