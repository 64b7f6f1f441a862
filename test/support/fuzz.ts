import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MediaError } from '@dolphin/media';
import { type Corpus, mutant, type Random } from './fuzz-mutate.js';
import { seededRandom } from './random.js';

/** Inputs for each parser. `./dolphin test --long` makes it a million. */
const RUNS = Number(process.env['DOLPHIN_FUZZ_RUNS'] ?? 2000);
/** The first input's seed; each next one's is one more. In the long mode it is another one each time. */
const FIRST_SEED = Number(process.env['DOLPHIN_FUZZ_SEED'] ?? 1);
/** CPU time of one input: parsers take microseconds. More is a loop that grows with more than the input's length. */
const MAX_CPU_MS = 2000;
/** Inputs whose CPU time is asked for together: asking costs as much as reading one. */
const TIMED_TOGETHER = 64;
/** What a run may leave behind in memory. Garbage is not collected at once, so this is far above what a parser keeps. */
const MAX_GROWTH_BYTES = 512 * 1024 * 1024;
const SHOWN_BYTES = 4096;

/** Reads one input and throws for what must not be: what a parser may say about bad input it catches itself. */
type Look = (input: Buffer, random: Random) => void;

/** A test of a parser by inputs made of `corpus`. Each has a seed, by which a failing one is made again alone. */
export function fuzz(name: string, corpus: Corpus, look: Look): void {
  test(name, () => {
    assert.ok(Number.isInteger(RUNS) && Number.isInteger(FIRST_SEED), 'DOLPHIN_FUZZ_RUNS and DOLPHIN_FUZZ_SEED');
    const before = process.memoryUsage().rss;
    const end = FIRST_SEED + RUNS;
    for (let seed = FIRST_SEED; seed < end; seed += TIMED_TOGETHER) {
      lookAtSeveral(seed, Math.min(seed + TIMED_TOGETHER, end), corpus, look);
    }
    const growth = process.memoryUsage().rss - before;
    assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more after ${RUNS} inputs`);
  });
}

function lookAtSeveral(from: number, to: number, corpus: Corpus, look: Look): void {
  const { stackTraceLimit } = Error;
  let seed = from;
  let failed = false;
  const start = process.cpuUsage();
  // Where an error came from is asked of one in a million, and costs as much as reading an input.
  Error.stackTraceLimit = 0;
  try {
    for (; seed < to; seed++) {
      const random = seededRandom(seed);
      look(mutant(corpus, random), random);
    }
  } catch {
    failed = true;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  if (failed) {
    lookAgain(seed, corpus, look);
    throw new Error(
      `an input failed after others and not alone: DOLPHIN_FUZZ_SEED=${from} DOLPHIN_FUZZ_RUNS=${to - from}`,
    );
  }
  if (cpuMsSince(start) < MAX_CPU_MS) return;
  for (seed = from; seed < to; seed++) lookAgain(seed, corpus, look);
}

/** The input of one seed, alone. */
function lookAgain(seed: number, corpus: Corpus, look: Look): void {
  const random = seededRandom(seed);
  const input = Buffer.from(mutant(corpus, random));
  const start = process.cpuUsage();
  try {
    look(input, random);
    const spentMs = cpuMsSince(start);
    assert.ok(spentMs < MAX_CPU_MS, `${spentMs} ms of CPU for ${input.length} bytes`);
  } catch (error) {
    const shown = input.toString('hex', 0, SHOWN_BYTES);
    throw new Error(`again by DOLPHIN_FUZZ_SEED=${seed} DOLPHIN_FUZZ_RUNS=1; ${input.length} bytes: ${shown}`, {
      cause: error,
    });
  }
}

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** The code of the MediaError that `read` threw, or null; any other error comes through. */
export function mediaErrorOf(read: () => void): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof MediaError) return error.code;
    throw error;
  }
}
