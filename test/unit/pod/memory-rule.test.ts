import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type MemorySample,
  type MemoryWatch,
  OVER_SAMPLES,
  PAUSE_MS,
  watchMemory,
} from '@dolphin/pod/domain/memory-rule.js';

const sample = (name: string, rssBytes: number, pid = 7): MemorySample => ({ name, pid, rssBytes });
const usual = { limitBytes: 100, isBusy: false, sinceLastMs: null, hasSpare: false, ready: 2 };

/** The names that rounds of samples have replaced; '' for a round without. */
function watch(rounds: MemorySample[][], over: Partial<Parameters<typeof watchMemory>[2]> = {}): string[] {
  let before: MemoryWatch = new Map();
  return rounds.map((samples) => {
    const verdict = watchMemory(before, samples, { ...usual, ...over });
    before = verdict.watch;
    return verdict.replace?.name ?? '';
  });
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('the memory limit', () => {
  it('wants so many samples in a row above it, of one process', () => {
    assert.deepEqual(watch(times(OVER_SAMPLES, [sample('a', 101)])), ['', '', 'a']);
    assert.deepEqual(watch(times(5, [sample('a', 100)])), ['', '', '', '', '']);
    const peak = [[sample('a', 101)], [sample('a', 101)], [sample('a', 99)], [sample('a', 101)], [sample('a', 101)]];
    assert.deepEqual(watch(peak), ['', '', '', '', '']);
    const restarted = [[sample('a', 101)], [sample('a', 101)], [sample('a', 101, 8)]];
    assert.deepEqual(watch(restarted), ['', '', '']);
  });

  it('replaces one edge at a time, the largest first, and none while another one is on its way', () => {
    assert.deepEqual(watch(times(3, [sample('a', 101), sample('b', 150)])).at(-1), 'b');
    assert.deepEqual(watch(times(3, [sample('a', 101)]), { isBusy: true }).at(-1), '');
    assert.deepEqual(watch(times(3, [sample('a', 101)]), { sinceLastMs: PAUSE_MS - 1 }).at(-1), '');
    assert.deepEqual(watch(times(3, [sample('a', 101)]), { sinceLastMs: PAUSE_MS }).at(-1), 'a');
  });

  it('spares the last ready edge without spare ports, up to twice the limit', () => {
    assert.deepEqual(watch(times(3, [sample('a', 200)]), { ready: 1 }).at(-1), '');
    assert.deepEqual(watch(times(3, [sample('a', 201)]), { ready: 1 }).at(-1), 'a');
    assert.deepEqual(watch(times(3, [sample('a', 101)]), { ready: 1, hasSpare: true }).at(-1), 'a');
  });
});
