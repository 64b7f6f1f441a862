import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EdgeBenchOptions } from './edge-bench.js';
import { probeLatency } from './latency-probe.js';
import { verdictLines } from './report.js';
import { STREAM, startProgram } from './start-program.js';
import type { Verdict } from './verdict.js';

/** What the built-in edge may add, in ms: docs/4-performance.md. */
const MEDIAN_AT_MOST_MS = 5;
/** So much of what was published has to have come for a run to count. */
const LEAST_SHARE = 0.95;

const PROGRAMS = ['builtin', 'srs'] as const;
const PATHS = ['origin', 'edge'] as const;

/** Of all frames and players of a program's rounds on one path; times in ms. */
export interface LatencyRow {
  program: (typeof PROGRAMS)[number];
  /** `edge`: through an origin and an edge that pulls from it. */
  path: (typeof PATHS)[number];
  frames: number;
  /** Frames published, times the players that should have read them. */
  expected: number;
  median: number;
  p99: number;
  max: number;
}

export interface LatencyResult {
  bench: 'edge latency';
  rows: LatencyRow[];
  void: string[];
  verdicts: Verdict[];
}

type Probe = Awaited<ReturnType<typeof probeLatency>>;
type Key = `${LatencyRow['program']} ${LatencyRow['path']}`;

/** How much later a player reads a frame than its publisher wrote it, with min_latency. */
export async function benchLatency(o: EdgeBenchOptions): Promise<LatencyResult> {
  const programs = PROGRAMS.filter(
    (name) => (o.programs.length === 0 || o.programs.includes(name)) && (name !== 'srs' || o.srsBinary !== undefined),
  );
  const probes = new Map<Key, Probe[]>();
  for (let round = 1; round <= o.rounds; round++) {
    for (const program of round % 2 === 1 ? programs : [...programs].reverse()) {
      for (const path of PATHS) {
        const one = await probeOnce(program, path, o);
        const row = rowOf(program, path, [one], o.players);
        o.progress(`round ${round}: ${program} by ${path}: ${row.median} ms median, ${row.p99} ms p99`);
        const key: Key = `${program} ${path}`;
        probes.set(key, [...(probes.get(key) ?? []), one]);
      }
    }
  }
  const rows = programs.flatMap((program) =>
    PATHS.map((path) => rowOf(program, path, probes.get(`${program} ${path}`) ?? [], o.players)),
  );
  return latencyResult(rows);
}

/** Void where frames are missing. */
export function latencyResult(rows: readonly LatencyRow[]): LatencyResult {
  const reasons = rows
    .filter(({ frames, expected }) => frames === 0 || frames < expected * LEAST_SHARE)
    .map(({ program, path, frames, expected }) => `${program} by ${path}: ${frames} of ${expected} frames came`);
  const verdicts = rows
    .filter(({ program }) => program === 'builtin')
    .map(({ path, median }) => ({
      what: `builtin by ${path}: median ms`,
      target: MEDIAN_AT_MOST_MS,
      measured: median,
      met: median <= MEDIAN_AT_MOST_MS,
    }));
  return { bench: 'edge latency', rows: [...rows], void: reasons, verdicts: reasons.length > 0 ? [] : verdicts };
}

async function probeOnce(
  program: LatencyRow['program'],
  path: LatencyRow['path'],
  o: EdgeBenchOptions,
): Promise<Probe> {
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-bench-'));
  const { srsBinary, players, seconds } = o;
  const common = { dir, srsBinary, players, lowLatency: true };
  const url = (port: number) => `rtmp://127.0.0.1:${port}/${STREAM}`;
  const origin = await startProgram(program, { ...common, origin: null });
  const edge = path === 'edge' ? await startProgram(program, { ...common, origin: origin.rtmp }) : null;
  try {
    const playFrom = url((edge ?? origin).rtmp);
    return await probeLatency({ publishTo: url(origin.rtmp), playFrom, players, seconds });
  } finally {
    await edge?.stop();
    await origin.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function rowOf(
  program: LatencyRow['program'],
  path: LatencyRow['path'],
  probes: readonly Probe[],
  players: number,
): LatencyRow {
  const sorted = probes.flatMap(({ delaysMs }) => delaysMs).sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
  const expected = probes.reduce((sum, { published }) => sum + published, 0) * players;
  return { program, path, frames: sorted.length, expected, median: at(0.5), p99: at(0.99), max: at(1) };
}

export function latencyText(result: LatencyResult): string {
  const lines = result.rows.map(
    ({ program, path, frames, median, p99, max }) =>
      `${program} by ${path}: ${median} ms median, ${p99} ms p99, ${max} ms max of ${frames} frames`,
  );
  const end =
    result.void.length > 0
      ? ['VOID, these figures mean nothing:', ...result.void.map((why) => `  ${why}`), '']
      : verdictLines(result.verdicts);
  return [...lines, '', ...end].join('\n');
}
