import { setTimeout as wait } from 'node:timers/promises';
import type { ChurnResult } from './churn.js';
import type { LoadOptions } from './load.js';
import { LoadChild } from './load-child.js';
import type { LoadProtocol } from './load-player.js';
import { cpuMicroseconds, rssBytes } from './process-usage.js';
import { median, ratioOf } from './run-ratio.js';

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
  /** What it holds more than idle, for each client, in units of 1000 bytes: its heap and sockets, not the kernel's. */
  kbPerClient: number;
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
  kbPerClient: number;
  /** Against the reference program of the same round; the median of the rounds. Null: no round of both counts. */
  ratio: number | null;
}

export interface RoundsResult {
  runs: Run[];
  summary: Summary[];
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
export async function runRounds(o: RoundsOptions): Promise<RoundsResult> {
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
  const idleBytes = total(measured, rssBytes);
  const refusal = await load.start(options).then(
    () => null,
    (error: Error) => error.message,
  );
  if (refusal !== null) return runOfNobody(o, options, refusal);
  load.startChurn();
  const { churnPerSecond = 0 } = options;
  const warmUpMs = churnPerSecond === 0 ? 0 : (WARM_UP_CLIENTS * 1000) / churnPerSecond;
  await wait(Math.max(SETTLE_MS, warmUpMs));
  load.mark();
  const [beganAt, cpuBefore] = [performance.now(), total(measured, cpuMicroseconds)];
  await wait(o.seconds * 1000);
  const cpuUs = total(measured, cpuMicroseconds) - cpuBefore;
  const seconds = (performance.now() - beganAt) / 1000;
  const heldBytes = total(measured, rssBytes);
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
    rssMb: megabytes(heldBytes),
    idleRssMb: megabytes(idleBytes),
    kbPerClient: tenths((heldBytes - idleBytes) / 1000 / options.players),
    loadCpuPercent: got.cpuPercent,
    void: whyVoid(got.starving, options.players, got.churn),
  };
}

/** The program could not be played from at all, or by fewer than there were to be. */
function runOfNobody(o: { program: string; round: number }, options: LoadOptions, why: string): Run {
  return {
    program: o.program,
    protocol: options.target.protocol,
    round: o.round,
    players: options.players,
    seconds: 0,
    cpuPercent: 0,
    cpuUsPerMb: 0,
    megabytes: 0,
    kbps: { min: 0, median: 0, max: 0 },
    sourceKbps: null,
    starving: options.players,
    churn: null,
    rssMb: 0,
    idleRssMb: 0,
    kbPerClient: 0,
    loadCpuPercent: 0,
    void: why,
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
    return [
      {
        program,
        protocol: first.protocol,
        cpuUsPerMb: Math.round(median(own.map((run) => run.cpuUsPerMb))),
        cpuPercent: tenths(median(own.map((run) => run.cpuPercent))),
        rssMb: Math.round(median(own.map((run) => run.rssMb))),
        kbPerClient: tenths(median(own.map((run) => run.kbPerClient))),
        ratio: ratioOf(runs, program, reference),
      },
    ];
  });
}

const tenths = (value: number) => Math.round(value * 10) / 10;
const megabytes = (bytes: number) => Math.round(bytes / 1e6);
