import { cpus, release } from 'node:os';
import { canPin } from './child.js';
import type { LoadResult } from './load.js';
import type { RoundsResult, Run, Summary } from './rounds.js';
import type { Verdict } from './verdict.js';

export interface Report {
  bench: string;
  machine: { cpus: number; model: string; kernel: string; node: string; pinned: boolean };
  /** Why nothing of it is to be quoted; empty: it counts. */
  void: string[];
  /** What was to be reached; none where it is void. */
  verdicts: Verdict[];
  runs: Run[];
  /** The program that the ratios of the summary are against. */
  reference: string;
  summary: Summary[];
}

export function reportOf(
  bench: string,
  reference: string,
  { runs, summary, ...judged }: RoundsResult & Partial<Pick<Report, 'void' | 'verdicts'>>,
): Report {
  return {
    bench,
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      kernel: release(),
      node: process.version,
      pinned: canPin,
    },
    void: judged.void ?? runs.flatMap((run) => (run.void === null ? [] : [`${run.program}: ${run.void}`])),
    verdicts: judged.verdicts ?? [],
    runs,
    reference,
    summary,
  };
}

export function reportText(report: Report): string {
  const { machine } = report;
  const runs = report.runs.map((run) => [
    run.program,
    run.protocol,
    String(run.round),
    String(run.players),
    run.cpuPercent.toFixed(1),
    String(run.cpuUsPerMb),
    `${run.kbps.min}/${run.kbps.median}/${run.kbps.max}`,
    String(run.starving),
    `${run.rssMb} (${run.idleRssMb})`,
    run.loadCpuPercent.toFixed(0),
    run.churn === null ? '-' : `${run.churn.joined} ${run.churn.joinMs.median}/${run.churn.joinMs.p99}`,
    run.void === null ? '' : 'VOID',
  ]);
  const head = ['program', 'protocol', 'round', 'players', 'CPU %', 'CPU-µs/MB', 'kbit/s min/median/max'];
  const summary = report.summary.map((line) => [
    line.program,
    String(line.cpuUsPerMb),
    line.ratio === null ? '-' : line.ratio.toFixed(2),
    line.cpuPercent.toFixed(1),
    String(line.rssMb),
    line.kbPerClient.toFixed(1),
  ]);
  return [
    `${machine.cpus} × ${machine.model}, Linux ${machine.kernel}, Node ${machine.node}, ${
      machine.pinned ? 'measured program alone on core 0' : 'not pinned'
    }`,
    '',
    ...table([[...head, 'starving', 'RSS MB (idle)', 'load CPU %', 'joined, ms median/p99', ''], ...runs]),
    '',
    ...table([['program', 'CPU-µs/MB', `× ${report.reference}`, 'CPU %', 'RSS MB', 'KB/client'], ...summary]),
    '',
    ...(report.void.length > 0
      ? ['VOID, these figures mean nothing:', ...report.void.map((why) => `  ${why}`), '']
      : verdictLines(report.verdicts)),
  ].join('\n');
}

export function verdictLines(verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return [];
  const rows = verdicts.map(({ what, target, measured, met }) => [
    what,
    String(measured),
    `at most ${target}`,
    met ? 'met' : 'MISSED',
  ]);
  return [...table(rows), ''];
}

export function loadText(result: LoadResult): string {
  const { kbps } = result;
  const total = ((result.bytes * 8) / result.seconds / 1e6).toFixed(1);
  return [
    `${result.players} players, ${result.seconds.toFixed(1)} s, ${total} Mbit/s in all, load at ${result.cpuPercent} % CPU`,
    `kbit/s per player: ${kbps.min} min, ${kbps.median} median, ${kbps.max} max`,
    result.starving === 0 ? 'no player starved' : `${result.starving} players STARVED`,
    '',
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
