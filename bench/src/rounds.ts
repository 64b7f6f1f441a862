import { setTimeout as wait } from 'node:timers/promises';
import type { ChurnResult } from './churn.js';
import type { LoadOptions } from './load.js';
import { LoadChild } from './load-child.js';
import type { LoadProtocol } from './load-player.js';
import { cpuMicroseconds, rssBytes } from './process-usage.js';

/** One program in one round. CPU and memory are the measured processes'; `loadCpuPercent` the load generator's. */
export interface Run {
  program: string;
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
  /** Of the players that came and went; null: there were none. */
  churn: ChurnResult | null;
  rssMb: number;
  idleRssMb: number;
  loadCpuPercent: number;
  /** Why its figures mean nothing; null: they count. */
  void: string | null;
}

export interface Summary {
  program: string;
  protocol: LoadProtocol;
  cpuUsPerMb: number;
  cpuPercent: number;
  rssMb: number;
  /** Against the reference program of the same round; the median of the rounds. Null: no round of both counts. */
  ratio: number | null;
}

/** A program that is up, for one run. */
export interface Measured {
  /** The processes whose CPU and memory count. */
  pids(): number[];
  stop(): Promise<void>;
}

export interface RoundsOptions {
  programs: readonly string[];
  /** What the others are compared with. */
  reference: string;
  rounds: number;
  seconds: number;
  /** Starts the program, and says what players of it do. */
  start(program: string): Promise<{ measured: Measured; load: LoadOptions }>;
  progress(text: string): void;
}

/** The burst of GOPs that every joiner gets is over, and late ones have caught up. */
const SETTLE_MS = 3000;
/**
 * What a client costs that comes is measured after so many have come: a server runs for months, and a program that is
 * compiled while it runs needs thousands before the way that they take is.
 */
const WARM_UP_CLIENTS = 4000;

/** Runs each program in turn, in alternating order, so that what drifts on the machine hits all alike. */
export async function runRounds(o: RoundsOptions): Promise<{ runs: Run[]; summary: Summary[] }> {
  const runs: Run[] = [];
  for (let round = 1; round <= o.rounds; round++) {
    for (const program of round % 2 === 1 ? o.programs : [...o.programs].reverse()) {
      const run = await runOnce(program, round, o);
      runs.push(run);
      const words = run.void === null ? '' : ` void: ${run.void}`;
      o.progress(`round ${round}: ${program} ${run.cpuUsPerMb} CPU-µs/MB, ${run.cpuPercent} %${words}`);
    }
  }
  return { runs, summary: summarizeRuns(runs, o.programs, o.reference) };
}

async function runOnce(program: string, round: number, o: RoundsOptions): Promise<Run> {
  const { measured, load } = await o.start(program);
  const child = new LoadChild();
  try {
    return await measure({ program, round, seconds: o.seconds }, measured, load, child);
  } finally {
    await child.stop();
    await measured.stop();
  }
}

async function measure(
  o: { program: string; round: number; seconds: number },
  measured: Measured,
  options: LoadOptions,
  load: LoadChild,
): Promise<Run> {
  const idleRssMb = megabytes(total(measured, rssBytes));
  await load.start(options);
  load.startChurn();
  const { churnPerSecond = 0 } = options;
  const warmUpMs = churnPerSecond === 0 ? 0 : (WARM_UP_CLIENTS * 1000) / churnPerSecond;
  await wait(Math.max(SETTLE_MS, warmUpMs));
  load.mark();
  const [beganAt, cpuBefore] = [performance.now(), total(measured, cpuMicroseconds)];
  await wait(o.seconds * 1000);
  const cpuUs = total(measured, cpuMicroseconds) - cpuBefore;
  const seconds = (performance.now() - beganAt) / 1000;
  const got = await load.measure();
  return {
    program: o.program,
    protocol: options.target.protocol,
    round: o.round,
    players: options.players,
    seconds: tenths(seconds),
    cpuPercent: tenths(cpuUs / seconds / 10_000),
    cpuUsPerMb: got.bytes === 0 ? 0 : Math.round(cpuUs / (got.bytes / 1e6)),
    megabytes: Math.round(got.bytes / 1e6),
    kbps: got.kbps,
    sourceKbps: got.sourceKbps,
    starving: got.starving,
    churn: got.churn,
    rssMb: megabytes(total(measured, rssBytes)),
    idleRssMb,
    loadCpuPercent: got.cpuPercent,
    void: whyVoid(got.starving, options.players, got.churn),
  };
}

function whyVoid(starving: number, players: number, churn: ChurnResult | null): string | null {
  if (starving > 0) return `${starving} of ${players} players starved`;
  return churn !== null && churn.failed > 0 ? `${churn.failed} of those that came were not served` : null;
}

function total(measured: Measured, of: (pid: number) => number): number {
  return measured.pids().reduce((sum, pid) => sum + of(pid), 0);
}

/** Void runs do not count. */
export function summarizeRuns(runs: readonly Run[], programs: readonly string[], reference: string): Summary[] {
  const good = runs.filter((run) => run.void === null);
  return programs.flatMap((program) => {
    const own = good.filter((run) => run.program === program);
    const first = own[0];
    if (first === undefined) return [];
    const ratios = own.flatMap((run) => {
      const other = good.find(({ program: name, round }) => name === reference && round === run.round);
      return other === undefined ? [] : [run.cpuUsPerMb / other.cpuUsPerMb];
    });
    return [
      {
        program,
        protocol: first.protocol,
        cpuUsPerMb: Math.round(median(own.map((run) => run.cpuUsPerMb))),
        cpuPercent: tenths(median(own.map((run) => run.cpuPercent))),
        rssMb: Math.round(median(own.map((run) => run.rssMb))),
        ratio: ratios.length === 0 ? null : Math.round(median(ratios) * 100) / 100,
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
