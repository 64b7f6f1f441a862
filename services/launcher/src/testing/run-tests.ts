import { randomInt, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ROOT } from '../up/places.js';
import { BatchEntries } from './batch-entries.js';
import { batchesOf } from './batches.js';
import { KINDS, type Kind, testFiles } from './collect.js';
import { Coverage } from './coverage.js';
import { endLeaks, RUN_MARK } from './leaks.js';
import { Summary } from './summary.js';

/** Processes with tests at the same time, for two cores: most of what a test of several processes does is waiting. */
const CONCURRENCY = 5;
/** For one file. Nothing waits without a deadline of its own; this is for the bug in one. */
const FILE_TIMEOUT_MS = 10 * 60_000;
/** In the long mode a file of fuzz tests takes most of an hour on a busy machine. */
const LONG_FILE_TIMEOUT_MS = 6 * 3600_000;
const LONG_FUZZ_RUNS = 1_000_000;
/** Seeds of one run follow each other: far enough apart from those of the next, and below 2^32. */
const FUZZ_SEEDS = 2 ** 31;

export interface TestRun {
  /** Default: all. */
  readonly kind: string | undefined;
  /** Its counters take a quarter more of the processors, in every process. End-to-end tests kill, and run without. */
  readonly withCoverage: boolean;
  /** Fuzz tests take LONG_FUZZ_RUNS inputs, from a seed of their own each time. */
  readonly isLong: boolean;
  readonly stop: AbortSignal;
}

/**
 * Runs all tests, or those of one kind; prints what node's runner prints, then coverage where it was asked for, what was
 * skipped and why, and at the very end the counts. Resolves with the exit code.
 */
export async function runTests({ kind, withCoverage, isLong, stop }: TestRun): Promise<number> {
  const kinds = KINDS.filter((known) => kind === undefined || kind === known);
  const mark = randomUUID();
  process.env[RUN_MARK] = mark;
  if (isLong) lengthen();
  // The runner listens to it once for each file.
  setMaxListeners(0, stop);
  const summary = new Summary();
  const timeoutMs = isLong ? LONG_FILE_TIMEOUT_MS : FILE_TIMEOUT_MS;
  if (withCoverage) await withoutE2e(kinds, summary, stop);
  const rest = withCoverage ? kinds.filter((known) => known === 'e2e') : kinds;
  if (!stop.aborted) await runKinds(rest, summary, { stop, timeoutMs });
  const leaks = await endLeaks(mark);
  summary.addCheck('no process is left over', leaks.length === 0);
  print(leaks.map(({ pid, command }) => `✖ left over: pid ${pid} ${command}`));
  print(summary.skipped.map(({ name, file, why }) => `﹣ skipped: ${name} (${file}): ${why}`));
  print(summary.failed.map(({ name, file }) => `✖ failed: ${name}${file && ` (${file})`}`));
  print(summary.lines());
  return summary.ok && !stop.aborted ? 0 : 1;
}

function lengthen(): void {
  process.env['DOLPHIN_FUZZ_RUNS'] ??= String(LONG_FUZZ_RUNS);
  process.env['DOLPHIN_FUZZ_SEED'] ??= String(randomInt(FUZZ_SEEDS));
}

async function withoutE2e(kinds: readonly Kind[], summary: Summary, stop: AbortSignal): Promise<void> {
  const counted = kinds.filter((known) => known !== 'e2e');
  if (counted.length === 0) return;
  const coverage = new Coverage();
  try {
    await coverage.during(() => runKinds(counted, summary, { stop, timeoutMs: FILE_TIMEOUT_MS }));
    if (!stop.aborted) await coverage.report(ROOT);
  } finally {
    coverage.remove();
  }
}

async function runKinds(
  kinds: readonly Kind[],
  summary: Summary,
  { stop, timeoutMs }: { stop: AbortSignal; timeoutMs: number },
): Promise<void> {
  const files = kinds.flatMap((kind) => testFiles(ROOT, kind));
  if (files.length === 0) return;
  const entries = new BatchEntries();
  try {
    await runFiles(
      batchesOf(ROOT, files).map((batch) => entries.entryOf(batch)),
      summary,
      { stop, timeoutMs },
    );
  } finally {
    entries.remove();
  }
}

/** Runs each file in a process of its own. */
async function runFiles(
  files: string[],
  summary: Summary,
  { stop, timeoutMs }: { stop: AbortSignal; timeoutMs: number },
): Promise<void> {
  const events = run({ files, concurrency: CONCURRENCY, timeout: timeoutMs, signal: stop });
  // Nothing more is written to it than its own events; the process's stdout stays open.
  const reporter = new spec();
  reporter.pipe(process.stdout, { end: false });
  let closing = false;
  for await (const event of events) {
    const { type, data } = event;
    // The plan without a file is that of the whole run; its counts follow.
    if (type === 'test:plan' && !data.file && data.nesting === 0) closing = true;
    if (closing && type === 'test:diagnostic' && summary.add(data.message)) continue;
    if (type === 'test:pass' && data.skip !== undefined && data.skip !== false) {
      const why = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason given';
      summary.skipped.push({ name: data.name, file: shortName(data.file), why });
    }
    if (type === 'test:fail' && data.todo === undefined) {
      summary.failed.push({ name: data.name, file: shortName(data.file) });
    }
    if (!reporter.write(event)) await new Promise((resolve) => reporter.once('drain', resolve));
  }
  await new Promise<void>((resolve) => {
    reporter.once('end', resolve);
    reporter.end();
  });
}

function shortName(file: string | undefined): string {
  return file ? relative(ROOT, file).replace('test/dist/', 'test/').replace(/\.js$/, '.ts') : '';
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
