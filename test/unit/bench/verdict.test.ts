import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { programsFor } from '@dolphin/bench/edge-programs.js';
import { type LatencyRow, latencyResult } from '@dolphin/bench/latency-bench.js';
import { stampedFrame, stampOf } from '@dolphin/bench/stamped-frame.js';
import { judge, voidReasons } from '@dolphin/bench/verdict.js';
import { benchRun } from './bench-run.js';

const all = { judged: ['floor', 'haproxy', 'builtin', 'srs'], checksFloor: true };

describe('the verdict of a bench', () => {
  it('says of each target what was measured, and whether that meets it', () => {
    const runs = [benchRun('floor', 1, 100), benchRun('builtin', 1, 110, { kbPerClient: 12 }), benchRun('srs', 1, 200)];
    assert.deepEqual(
      judge(runs, [
        { program: 'builtin', atMost: 1.15, times: 'floor' },
        { program: 'builtin', atMost: 0.5, times: 'srs' },
        { program: 'builtin', atMost: 10, kbPerClient: true },
      ]),
      [
        { what: 'builtin: CPU × floor', target: 1.15, measured: 1.1, met: true },
        { what: 'builtin: CPU × srs', target: 0.5, measured: 0.55, met: false },
        { what: 'builtin: KB per client', target: 10, measured: 12, met: false },
      ],
    );
  });

  it('leaves out targets of programs that did not run', () => {
    assert.deepEqual(judge([benchRun('builtin', 1, 1)], [{ program: 'builtin', atMost: 1, times: 'srs' }]), []);
  });

  it('is void when one of those that it is about starved, with the reason', () => {
    const starved = { void: '3 of 5 players starved' };
    assert.deepEqual(voidReasons([benchRun('srs', 2, 1, starved)], all), ['srs, round 2: 3 of 5 players starved']);
    assert.deepEqual(voidReasons([benchRun('nginx-rtmp', 2, 1, starved)], all), []);
  });

  it('is void when the floor cost more than three quarters of HAProxy, where the floor is looked at', () => {
    const busy = [benchRun('floor', 1, 76), benchRun('haproxy', 1, 100)];
    assert.match(voidReasons(busy, all)[0] ?? '', /^the floor took 0\.76 of HAProxy's CPU/);
    assert.deepEqual(voidReasons(busy, { ...all, checksFloor: false }), []);
    assert.deepEqual(voidReasons([benchRun('floor', 1, 75), benchRun('haproxy', 1, 100)], all), []);
  });
});

describe('the programs of bench edge', () => {
  it('are all that can serve the protocol here, or the wanted ones and the floor', () => {
    const peers = ['nginx-rtmp', 'node-media-server'];
    assert.deepEqual(programsFor({ wanted: [], protocol: 'rtmp', hasSrs: true }), [
      ...['floor', 'haproxy', 'builtin', 'srs'],
      ...peers,
    ]);
    assert.deepEqual(programsFor({ wanted: [], protocol: 'flv', hasSrs: false }), [
      ...['floor', 'haproxy', 'builtin', 'node-media-server'],
    ]);
    assert.deepEqual(programsFor({ wanted: ['builtin'], protocol: 'flv', hasSrs: true }), ['floor', 'builtin']);
  });
});

describe('the latency of a bench', () => {
  const row = (frames: number, median: number): LatencyRow => ({
    program: 'builtin',
    path: 'origin',
    frames,
    expected: 100,
    median,
    p99: 9,
    max: 9,
  });

  it('is judged by its median', () => {
    assert.deepEqual(
      latencyResult([row(100, 5), row(95, 5.01)]).verdicts.map(({ met }) => met),
      [true, false],
    );
  });

  it('is void when frames are missing', () => {
    const { void: reasons, verdicts } = latencyResult([row(94, 1)]);
    assert.deepEqual([reasons, verdicts], [['builtin by origin: 94 of 100 frames came'], []]);
  });

  it('is read from the stamp of a frame, and of no other message', () => {
    const frame = stampedFrame(50, 2000, 1234.5);
    assert.equal(stampOf(frame), 1234.5);
    assert.equal(frame.payload[0], 0x17);
    assert.equal(stampOf({ ...frame, payload: Buffer.alloc(4) }), null);
    assert.equal(stampOf({ ...frame, typeId: 8 }), null);
  });
});
