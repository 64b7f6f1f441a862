import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summarize } from '@dolphin/bench/load-window.js';
import { summarizeRuns } from '@dolphin/bench/rounds.js';
import { benchRun } from './bench-run.js';

describe('what a load received', () => {
  it('is given per player, in kbit/s, and in all', () => {
    const result = summarize([1000_000, 1200_000, 1100_000], 10, null, 0);
    assert.deepEqual(result.kbps, { min: 800, median: 880, max: 960 });
    assert.equal(result.bytes, 3300_000);
    assert.equal(result.sourceKbps, null);
    assert.equal(result.starving, 0);
  });

  it('names players starving that got less than the stream had, beyond what the cut of the window explains', () => {
    // Of 10 s, 0.8 s and a twentieth may be missing: 87 %.
    assert.equal(summarize([875_000, 1000_000], 10, 1000_000, 0).starving, 0);
    assert.equal(summarize([865_000, 1000_000], 10, 1000_000, 0).starving, 1);
  });

  it('sees by the source that all of them starved alike', () => {
    assert.equal(summarize([500_000, 500_000], 10, 1000_000, 0).starving, 2);
    assert.equal(summarize([500_000, 500_000], 10, null, 0).starving, 0);
  });

  it('counts players that got nothing, and those whose connection ended', () => {
    assert.equal(summarize([0, 0, 0], 10, null, 0).starving, 3);
    assert.equal(summarize([1000, 1000, 1000], 10, null, 2).starving, 2);
  });
});

describe('the summary of a bench', () => {
  const run = (program: string, round: number, cpuUsPerMb: number, why: string | null = null) =>
    benchRun(program, round, cpuUsPerMb, { void: why });

  it('compares each program with the reference of the same round, and takes the median of the rounds', () => {
    const runs = [
      run('floor', 1, 100),
      run('builtin', 1, 130),
      run('builtin', 2, 480),
      run('floor', 2, 400),
      run('floor', 3, 200),
      run('builtin', 3, 300),
    ];
    assert.deepEqual(summarizeRuns(runs, ['floor', 'builtin'], 'floor'), [
      { program: 'floor', protocol: 'rtmp', cpuUsPerMb: 200, cpuPercent: 1, rssMb: 50, kbPerClient: 10, ratio: 1 },
      { program: 'builtin', protocol: 'rtmp', cpuUsPerMb: 300, cpuPercent: 1, rssMb: 50, kbPerClient: 10, ratio: 1.3 },
    ]);
  });

  it('leaves void runs out, and has no ratio where the reference itself is void', () => {
    const runs = [run('floor', 1, 100, 'starved'), run('builtin', 1, 150), run('srs', 1, 200, 'starved')];
    assert.deepEqual(summarizeRuns(runs, ['floor', 'builtin', 'srs'], 'floor'), [
      { program: 'builtin', protocol: 'rtmp', cpuUsPerMb: 150, cpuPercent: 1, rssMb: 50, kbPerClient: 10, ratio: null },
    ]);
  });
});
