import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MediaError } from '@dolphin/media';
import { mutant, type Random } from './fuzz-mutate.js';
import { seededRandom } from './random.js';

/** Inputs for each parser. `./dolphin test --long` makes it a million. */
const RUNS = Number(process.env['DOLPHIN_FUZZ_RUNS'] ?? 2000);
/** The first input's seed; each next one's is one more. In the long mode it is another one each time. */
const FIRST_SEED = Number(process.env['DOLPHIN_FUZZ_SEED'] ?? 1);
/** CPU time of one input: parsers take microseconds. More is a loop that grows with more than the input's length. */
const MAX_CPU_MS = 2000;
/** What a run may leave behind in memory. Garbage is not collected at once, so this is far above what a parser keeps. */
const MAX_GROWTH_BYTES = 512 * 1024 * 1024;
const SHOWN_BYTES = 4096;

/**
 * A test of a parser by inputs made of `corpus`. `look` reads one of them and throws for what must not be: what a parser
 * is allowed to say about bad input it catches itself. Each input has a seed, by which a failing one is made again alone.
 */
export function fuzz(name: string, corpus: readonly Buffer[], look: (input: Buffer, random: Random) => void): void {
  test(name, () => {
    assert.ok(Number.isInteger(RUNS) && Number.isInteger(FIRST_SEED), 'DOLPHIN_FUZZ_RUNS and DOLPHIN_FUZZ_SEED');
    const before = process.memoryUsage().rss;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) lookAt(seed, corpus, look);
    const growth = process.memoryUsage().rss - before;
    assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more after ${RUNS} inputs`);
  });
}

function lookAt(seed: number, corpus: readonly Buffer[], look: (input: Buffer, random: Random) => void): void {
  const random = seededRandom(seed);
  const input = mutant(corpus, random);
  const start = process.cpuUsage();
  try {
    look(input, random);
    const { user, system } = process.cpuUsage(start);
    assert.ok((user + system) / 1000 < MAX_CPU_MS, `${user + system} us of CPU for ${input.length} bytes`);
  } catch (error) {
    const shown = input.toString('hex', 0, SHOWN_BYTES);
    throw new Error(`again by DOLPHIN_FUZZ_SEED=${seed} DOLPHIN_FUZZ_RUNS=1; ${input.length} bytes: ${shown}`, {
      cause: error,
    });
  }
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
