import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameKindOf } from '@dolphin/edge/domain/frame-kind.js';
import {
  HlsSegmenter,
  MAX_SEGMENT_BYTES,
  type Segment,
  type SegmentRules,
} from '@dolphin/edge/domain/hls-segmenter.js';
import { MessageType } from '@dolphin/media';
import fc from 'fast-check';
import { multitrack } from '../../support/multitrack.js';
import { adtsFrames, demux, unitsOf } from '../media/ts-demuxer.js';
import * as m from '../media/ts-messages.js';

const RULES = { targetMs: 2000, longestMs: 4000, waitsForKeyFrame: true, startsShort: false };
const AUDIO = 0x101;
const KEY = m.avcFrame([Buffer.from([0x65, 1])], { key: true });
const DELTA = m.avcFrame([Buffer.from([0x41, 1])]);
const SOUND = m.aacFrame(Buffer.from([1, 2, 3]));
const otherAvcHeader = Buffer.from(m.avcHeader);
otherAvcHeader[otherAvcHeader.length - 1] = 0x81;

let dropped = 0;
const segmenterOf = (rules: SegmentRules) => new HlsSegmenter(rules, () => void dropped++);

type Step = readonly [payload: Buffer, timestamp: number];

function feed(segmenter: HlsSegmenter, steps: readonly Step[]): Segment[] {
  return steps.flatMap(([payload, timestamp]) => {
    const typeId = [0x17, 0x27, 0x96].includes(payload[0]!) ? MessageType.video : MessageType.audio;
    const message = { typeId, timestamp, streamId: 1, payload };
    return segmenter.message(message, frameKindOf(message)) ?? [];
  });
}

/** 25 frames a second with a key frame each `gopMs`, and audio beside them. */
function video(fromMs: number, toMs: number, gopMs = 1000): Step[] {
  const steps: Step[] = [];
  for (let at = fromMs; at < toMs; at += 40) {
    steps.push([(at - fromMs) % gopMs === 0 ? KEY : DELTA, at], [SOUND, at + 5]);
  }
  return steps;
}
const sound = (fromMs: number, toMs: number): Step[] => {
  const steps: Step[] = [];
  for (let at = fromMs; at < toMs; at += 20) steps.push([SOUND, at]);
  return steps;
};
const AV: Step[] = [
  [m.avcHeader, 0],
  [m.aacHeader, 0],
];
const shape = (segments: readonly Segment[]) =>
  segments.map(({ durationMs, discontinuity }) => (discontinuity ? [durationMs, 'other'] : [durationMs]));

describe('a segmenter', () => {
  it('cuts before the first key frame that comes after the target', () => {
    const segments = feed(segmenterOf(RULES), [...AV, ...video(0, 8000, 1200)]);
    assert.deepEqual(shape(segments), [[2400], [2400], [2400]]);
    for (const { bytes } of segments) {
      const [first] = demux(bytes).pes;
      assert.deepEqual([first?.pid, first?.randomAccess, unitsOf(first!.payload).length], [0x100, true, 4]);
    }
  });

  it('takes the first track of each kind, and loses nothing for that', () => {
    const before = dropped;
    const picture = multitrack('video', 1, [{ id: 1, fourcc: 'hvc1', body: Buffer.from([0, 0, 0, 1, 2]) }]);
    const voice = multitrack('audio', 1, [{ id: 1, fourcc: '.mp3', body: Buffer.from([0xff, 0xfb, 1, 2]) }]);
    const steps = video(0, 8000, 1200).flatMap(([payload, at]): Step[] => [
      [payload, at],
      [picture, at],
      [voice, at],
    ]);
    const segments = feed(segmenterOf(RULES), [...AV, ...steps]);
    assert.deepEqual(shape(segments), [[2400], [2400], [2400]]);
    assert.equal(dropped, before);
  });

  it('cuts where it is when no key frame comes for too long', () => {
    assert.deepEqual(shape(feed(segmenterOf(RULES), [...AV, ...video(0, 9000, 100_000)])), [[4000], [4000]]);
  });

  it('cuts at the target when the conf waits for no key frame', () => {
    const segmenter = segmenterOf({ ...RULES, waitsForKeyFrame: false });
    assert.deepEqual(shape(feed(segmenter, [...AV, ...video(0, 4100, 100_000)])), [[2000], [2000]]);
  });

  it('cuts audio alone by its time', () => {
    const segments = feed(segmenterOf(RULES), [[m.aacHeader, 0], ...sound(0, 8100)]);
    assert.deepEqual(shape(segments), [[4000], [4000]]);
    assert.equal(demux(segments[0]!.bytes).clockPid, AUDIO);
  });

  it('begins short where somebody waits, with video and with audio alone', () => {
    const short = { ...RULES, startsShort: true };
    const segments = feed(segmenterOf(short), [...AV, ...video(0, 6000)]);
    assert.deepEqual(shape(segments), [[1000], [1000], [1000], [2000]]);
    assert.deepEqual(shape(feed(segmenterOf(short), [[m.aacHeader, 0], ...sound(0, 2100)])), [[1000], [1000]]);
  });

  it('cuts before a segment is larger than may be', () => {
    const large = m.avcFrame([Buffer.alloc(MAX_SEGMENT_BYTES / 4, 0x41)]);
    const steps = [...AV, [KEY, 0] as const, ...[1, 2, 3, 4, 5].map((at) => [large, at * 100] as const)];
    const segments = feed(segmenterOf(RULES), steps);
    assert.deepEqual(shape(segments), [[400]]);
    assert.ok(segments[0]!.bytes.length <= MAX_SEGMENT_BYTES * 1.1);
  });

  it('waits for a key frame where there is video, but not for ever', () => {
    const segmenter = segmenterOf(RULES);
    const late: Step[] = [...AV, [DELTA, 0], [SOUND, 10], [KEY, 500], [SOUND, 510], [KEY, 2600]];
    assert.deepEqual(shape(feed(segmenter, late)), [[2100]]);
    const off = feed(segmenterOf(RULES), [...AV, ...sound(0, 8100)]);
    assert.deepEqual(shape(off), [[4000]], 'from 4 s on the sound goes alone');
  });

  it('marks another source, and goes on counting its time', () => {
    const segmenter = segmenterOf(RULES);
    const first = feed(segmenter, [...AV, ...video(0, 3000)]);
    const last = segmenter.sourceEnded();
    const second = feed(segmenter, [...AV, ...video(3000, 5100)]);
    assert.deepEqual(shape([...first, last!, ...second]), [[2000], [1005], [2000, 'other']]);
  });

  it('marks other headers, and not the same ones again', () => {
    const segmenter = segmenterOf(RULES);
    const again = feed(segmenter, [...AV, ...video(0, 1000), ...AV, ...video(1000, 2100)]);
    assert.deepEqual(shape(again), [[2000]]);
    const changed = feed(segmenter, [[otherAvcHeader, 0], [DELTA, 2100], ...video(2200, 4300)]);
    assert.deepEqual(shape(changed), [[125], [2000, 'other']]);
  });

  it('marks a jump of the clock, and picture that comes after sound alone', () => {
    const segmenter = segmenterOf(RULES);
    const jump = feed(segmenter, [...AV, ...video(0, 1000), ...video(60_000, 62_100), ...video(10, 2100)]);
    assert.deepEqual(shape(jump), [[1005], [2000, 'other'], [125], [2000, 'other']]);
    const late = feed(segmenterOf(RULES), [[m.aacHeader, 0], ...sound(0, 1000), ...AV, ...video(1000, 3100)]);
    assert.deepEqual(shape(late), [[1020], [2000, 'other']]);
  });

  it('goes on over the wrap of the source’s 32 bits', () => {
    const from = 2 ** 32 - 1000;
    const steps = video(from, from + 4100).map(([payload, at]) => [payload, at % 2 ** 32] as const);
    assert.deepEqual(shape(feed(segmenterOf(RULES), [...AV, ...steps])), [[2000], [2000]]);
  });

  it('leaves out what no player could show, and counts it', () => {
    dropped = 0;
    const segmenter = segmenterOf(RULES);
    const cutOff = KEY.subarray(0, KEY.length - 1);
    assert.deepEqual(
      feed(segmenter, [...AV, [cutOff, 0], [KEY, 1000], [KEY, 3000]]).map((s) => s.durationMs),
      [2000],
    );
    assert.equal(dropped, 1);
  });

  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ is: fc.constantFrom('key', 'delta', 'sound'), ms: fc.integer({ min: 0, max: 400 }) }),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('header', 'other', 'aac', 'end'), ms: fc.constant(0) }) },
    {
      weight: 1,
      arbitrary: fc.record({ is: fc.constantFrom('key', 'sound'), ms: fc.integer({ min: -50_000, max: 50_000 }) }),
    },
  );

  it('makes of any frames segments that can be decoded by themselves, none longer than it may be', () => {
    const rules = { ...RULES, targetMs: 800, longestMs: 1500 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const segmenter = segmenterOf(rules);
        const segments: Segment[] = [];
        const payloads = {
          key: KEY,
          delta: DELTA,
          sound: SOUND,
          header: m.avcHeader,
          other: otherAvcHeader,
          aac: m.aacHeader,
        };
        let now = 100_000;
        for (const { is, ms } of steps) {
          now = Math.max(0, now + ms);
          if (is === 'end') segments.push(...[segmenter.sourceEnded()].flatMap((last) => last ?? []));
          else segments.push(...feed(segmenter, [[payloads[is as keyof typeof payloads], now]]));
        }
        const last = segmenter.sourceEnded();
        if (last !== null) segments.push(last);
        for (const [index, { bytes, durationMs, discontinuity }] of segments.entries()) {
          assert.ok(durationMs >= 100 && durationMs <= rules.longestMs + 10_000, `${durationMs} ms`);
          if (index === 0) assert.equal(discontinuity, false);
          const { pes, clocks } = demux(bytes);
          assert.ok(clocks.length > 0, 'each segment has a clock');
          for (const { pid, payload } of pes) if (pid === AUDIO) assert.ok(adtsFrames(payload).length > 0);
        }
      }),
    );
  });
});
