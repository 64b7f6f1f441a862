import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamTimeline, type Track } from '@dolphin/media';
import fc from 'fast-check';

const WRAP = 2 ** 32;

/** Feeds frames of a source that keeps pace with the clock. */
function play(line: StreamTimeline, frames: readonly [Track, number][], startMs = 1000): number[] {
  return frames.map(([track, timestamp], i) => line.frame(track, timestamp % WRAP, false, startMs + i * 40));
}

describe('the clock of a stream', () => {
  it('begins at 0, whatever time the publisher is at', () => {
    for (const base of [0, 0xffff00, 5 * 3600 * 1000, 2 ** 31 - 60_000, WRAP - 20]) {
      const line = new StreamTimeline('full');
      const frames = [0, 40, 80, 120].map((at): [Track, number] => ['video', base + at]);
      assert.deepEqual(play(line, frames), [0, 40, 80, 120], `base ${base}`);
    }
  });

  it('leaves the steps of a slow stream as they are', () => {
    const line = new StreamTimeline('full');
    assert.deepEqual(
      play(
        line,
        [0, 500, 1000, 2000, 3000].map((at) => ['video', at]),
      ),
      [0, 500, 1000, 2000, 3000],
    );
  });

  it('lets a pause pass that really was one', () => {
    const line = new StreamTimeline('full');
    assert.equal(line.frame('video', 1000, true, 5000), 0);
    assert.equal(line.frame('video', 9000, true, 13_000), 8000);
  });

  it('takes a jump of over 3 s out, and goes on with the source’s steps', () => {
    const line = new StreamTimeline('full');
    assert.deepEqual(
      play(line, [
        ['video', 0],
        ['video', 40],
        ['video', 10_000],
        ['video', 10_040],
      ]),
      [0, 40, 80, 120],
    );
  });

  it('takes a step back out', () => {
    const line = new StreamTimeline('full');
    assert.deepEqual(
      play(line, [
        ['video', 8000],
        ['video', 8040],
        ['video', 100],
        ['video', 140],
      ]),
      [0, 40, 80, 120],
    );
  });

  it('holds a small step back of one track without moving the other', () => {
    const line = new StreamTimeline('full');
    const frames: [Track, number][] = [
      ['audio', 0],
      ['video', 0],
      ['audio', 23],
      ['audio', 22],
      ['video', 40],
      ['audio', 46],
    ];
    assert.deepEqual(play(line, frames), [0, 0, 23, 23, 40, 46]);
  });

  it('keeps the offset of the tracks: lips stay in sync', () => {
    const line = new StreamTimeline('full');
    const frames: [Track, number][] = [
      ['video', 1000],
      ['audio', 900],
      ['video', 1040],
      ['audio', 923],
    ];
    const [v0 = 0, a0 = 0, v1 = 0, a1 = 0] = play(line, frames);
    // The first frame is 0, an audio frame before it cannot be below.
    assert.equal(v0, 0);
    assert.ok(a0 >= 0 && a1 >= a0 && v1 === 40);
  });

  it('goes on after a republish, where the last publisher ended', () => {
    const line = new StreamTimeline('full');
    play(line, [
      ['video', 0],
      ['video', 40],
    ]);
    line.republish();
    assert.equal(line.header(0), 40);
    assert.deepEqual(
      play(line, [
        ['video', 700_000],
        ['video', 700_040],
      ]),
      [80, 120],
    );
  });

  it('follows a source over the wrap of its counter', () => {
    const line = new StreamTimeline('full');
    const base = WRAP - 60;
    assert.deepEqual(
      play(
        line,
        [0, 40, 80, 120].map((at) => ['video', base + at]),
      ),
      [0, 40, 80, 120],
    );
  });

  it('begins again at a key frame before 2^31', () => {
    const line = new StreamTimeline('full');
    line.frame('video', 0, true, 0);
    // Days of frames, two seconds apart.
    let timestamp = 0;
    let out = 0;
    let highest = 0;
    for (let at = 0; at < 2 ** 31 + 4000; at += 2000) {
      timestamp = at;
      out = line.frame('video', timestamp, at % 10_000 === 0, at);
      highest = Math.max(highest, out);
    }
    assert.ok(highest < 2 ** 31 - 40_000, `${highest}`);
    assert.ok(out < 100_000, `it began again: ${out}`);
  });

  it('passes times through when time_jitter is off', () => {
    const line = new StreamTimeline('off');
    assert.deepEqual(
      play(line, [
        ['video', 5000],
        ['audio', 100],
        ['video', 90_000],
      ]),
      [5000, 100, 90_000],
    );
    assert.equal(line.header(123), 123);
  });

  it('never steps back in a track, never jumps, and stays below 2^31, whatever the source says', () => {
    const step = fc.tuple(
      fc.constantFrom<Track>('audio', 'video'),
      fc.oneof(fc.integer({ min: 0, max: WRAP - 1 }), fc.constantFrom(0, 40, 80, 2 ** 31 - 1, WRAP - 1)),
      fc.boolean(),
      fc.integer({ min: 0, max: 500 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const line = new StreamTimeline('full');
        const last: Partial<Record<Track, number>> = {};
        let all = 0;
        let now = 1000;
        for (const [track, timestamp, isKey, passed] of steps) {
          now += passed;
          const out = line.frame(track, timestamp, isKey, now);
          assert.ok(Number.isInteger(out) && out >= 0 && out < 2 ** 31);
          assert.ok(out >= (last[track] ?? 0), 'no step back in a track');
          assert.ok(out - all <= 3000 + passed, 'no jump');
          last[track] = out;
          all = Math.max(all, out);
        }
      }),
      { numRuns: 300 },
    );
  });
});
