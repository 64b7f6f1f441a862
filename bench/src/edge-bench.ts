import { setTimeout as wait } from 'node:timers/promises';
import { LoadChild } from './load-child.js';
import type { LoadProtocol } from './load-player.js';
import { cpuMicroseconds, rssBytes } from './process-usage.js';
import type { Staged } from './stage.js';
import { buildStage, type ProgramName, type Stage } from './stage.js';

export interface EdgeBenchOptions {
  players: number;
  seconds: number;
  rounds: number;
  protocol: 'rtmp' | 'flv';
  srsBinary: string | undefined;
  progress(text: string): void;
}

/** One program in one round. CPU and memory are the measured process's; `loadCpuPercent` the load generator's. */
export interface Run {
  program: ProgramName;
  protocol: LoadProtocol;
  round: number;
  players: number;
  seconds: number;
  cpuPercent: number;
  cpuUsPerMb: number;
  megabytes: number;
  kbps: { min: number; median: number; max: number };
  sourceKbps: number | null;
  starving: number;
  rssMb: number;
  idleRssMb: number;
  loadCpuPercent: number;
  /** Why its figures mean nothing; null: they count. */
  void: string | null;
}

export interface Summary {
  program: ProgramName;
  protocol: LoadProtocol;
  cpuUsPerMb: number;
  rssMb: number;
  /** Against the floor of the same round; the median of the rounds. Null: no round of both counts. */
  ratioToFloor: number | null;
}

/** The burst of GOPs that every joiner gets is over, and late ones have caught up. */
const SETTLE_MS = 3000;

/** Runs each program in turn, in alternating order, so that what drifts on the machine hits all alike. */
export async function benchEdge(o: EdgeBenchOptions): Promise<{ runs: Run[]; summary: Summary[] }> {
  const programs: ProgramName[] = ['floor', 'builtin', ...(o.srsBinary === undefined ? [] : ['srs' as const])];
  const stage = await buildStage(o.srsBinary);
  try {
    const runs: Run[] = [];
    for (let round = 1; round <= o.rounds; round++) {
      for (const program of round % 2 === 1 ? programs : [...programs].reverse()) {
        const run = await runOnce(stage, program, round, o);
        runs.push(run);
        o.progress(
          `round ${round}: ${program} ${run.cpuUsPerMb} CPU-µs/MB${run.void === null ? '' : ` void: ${run.void}`}`,
        );
      }
    }
    return { runs, summary: summarizeRuns(runs, programs) };
  } finally {
    await stage.close();
  }
}

async function runOnce(stage: Stage, program: ProgramName, round: number, o: EdgeBenchOptions): Promise<Run> {
  const staged = await stage.start(program, o.protocol, o.players);
  const load = new LoadChild();
  try {
    return await measure(stage, staged, load, program, round, o);
  } finally {
    await load.stop();
    await staged.child.stop();
  }
}

async function measure(
  stage: Stage,
  staged: Staged,
  load: LoadChild,
  program: ProgramName,
  round: number,
  o: EdgeBenchOptions,
): Promise<Run> {
  const { pid } = staged.child;
  const idleRssMb = megabytes(rssBytes(pid));
  const source =
    program === 'floor' ? { sourceBytesPerSecond: stage.floorBytesPerSecond } : { reference: stage.reference };
  await load.start({ target: staged.target, players: o.players, ...source });
  await wait(SETTLE_MS);
  load.mark();
  const [beganAt, cpuBefore] = [performance.now(), cpuMicroseconds(pid)];
  await wait(o.seconds * 1000);
  const cpuUs = cpuMicroseconds(pid) - cpuBefore;
  const seconds = (performance.now() - beganAt) / 1000;
  const got = await load.measure();
  return {
    program,
    protocol: o.protocol,
    round,
    players: o.players,
    seconds: tenths(seconds),
    cpuPercent: tenths(cpuUs / seconds / 10_000),
    cpuUsPerMb: got.bytes === 0 ? 0 : Math.round(cpuUs / (got.bytes / 1e6)),
    megabytes: Math.round(got.bytes / 1e6),
    kbps: got.kbps,
    sourceKbps: got.sourceKbps,
    starving: got.starving,
    rssMb: megabytes(rssBytes(pid)),
    idleRssMb,
    loadCpuPercent: got.cpuPercent,
    void: got.starving === 0 ? null : `${got.starving} of ${o.players} players starved`,
  };
}

/** Void runs do not count. */
export function summarizeRuns(runs: readonly Run[], programs: readonly ProgramName[]): Summary[] {
  const good = runs.filter((run) => run.void === null);
  return programs.flatMap((program) => {
    const own = good.filter((run) => run.program === program);
    const first = own[0];
    if (first === undefined) return [];
    const ratios = own.flatMap((run) => {
      const floor = good.find((other) => other.program === 'floor' && other.round === run.round);
      return floor === undefined ? [] : [run.cpuUsPerMb / floor.cpuUsPerMb];
    });
    return [
      {
        program,
        protocol: first.protocol,
        cpuUsPerMb: Math.round(median(own.map((run) => run.cpuUsPerMb))),
        rssMb: Math.round(median(own.map((run) => run.rssMb))),
        ratioToFloor: ratios.length === 0 ? null : Math.round(median(ratios) * 100) / 100,
      },
    ];
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

const tenths = (value: number) => Math.round(value * 10) / 10;
const megabytes = (bytes: number) => Math.round(bytes / 1e6);
