import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TsMuxer } from '@dolphin/media';
import fc from 'fast-check';
import { adtsFrames, type Counters, demux, unitsOf } from './ts-demuxer.js';
import * as m from './ts-messages.js';

const VIDEO = 0x100;
const AUDIO = 0x101;
const DELAY = 700 * 90;
const slice = (type: number, ...bytes: number[]) => Buffer.from([type, ...bytes]);

function muxer(...headers: readonly Buffer[]): TsMuxer {
  const made = new TsMuxer();
  for (const header of headers) {
    if (header === m.aacHeader) assert.equal(made.audioHeader(header), 'first');
    else assert.equal(made.videoHeader(header), 'first');
  }
  return made;
}

describe('a segment of MPEG transport stream', () => {
  it('has delimiter and parameter sets in front of a key frame, and the delimiter alone in front of others', () => {
    const ts = muxer(m.avcHeader);
    assert.ok(ts.video(m.avcFrame([slice(0x65, 1, 2)], { key: true, compositionMs: 80 }), 1000));
    assert.ok(ts.video(m.avcFrame([slice(0x41, 3)], { compositionMs: -40 }), 1040));
    const { pes, tracks, clockPid, clocks } = demux(ts.end()!);
    assert.deepEqual({ tracks, clockPid }, { tracks: { [VIDEO]: 0x1b }, clockPid: VIDEO });
    const units = pes.map(({ payload }) => unitsOf(payload).map((unit) => unit.toString('hex')));
    assert.deepEqual(units, [
      ['09f0', m.SPS.toString('hex'), m.PPS.toString('hex'), '650102'],
      ['09f0', '4103'],
    ]);
    const times = pes.map(({ pts, dts, randomAccess }) => [pts - DELAY, dts - DELAY, randomAccess]);
    assert.deepEqual(times, [
      [1080 * 90, 1000 * 90, true],
      [1000 * 90, 1040 * 90, false],
    ]);
    assert.deepEqual(clocks, [1000 * 90, 1040 * 90]);
  });

  it('keeps the parameter sets and the delimiter that a frame brings itself', () => {
    const ts = muxer(m.avcHeader);
    const own = slice(0x67, 9, 9);
    ts.video(m.avcFrame([slice(9, 0xf0), own, slice(0x68, 8), slice(0x65, 1)], { key: true }), 0);
    const [first] = demux(ts.end()!).pes;
    assert.deepEqual(
      unitsOf(first!.payload).map((unit) => unit.toString('hex')),
      ['09f0', '670909', '6808', '6501'],
    );
  });

  for (const form of ['classic', 'frames', 'frames-x'] as const) {
    it(`has HEVC that came as ${form}`, () => {
      const ts = muxer(m.hevcHeaders[form === 'classic' ? 'classic' : 'enhanced']);
      assert.ok(ts.video(m.hevcFrame([slice(0x26, 1, 7)], { form, key: true, compositionMs: 40 }), 0));
      const { pes, tracks } = demux(ts.end()!);
      assert.deepEqual(tracks, { [VIDEO]: 0x24 });
      const sets = [m.VPS_HEVC, m.SPS_HEVC, m.PPS_HEVC].map((set) => set.toString('hex'));
      assert.deepEqual(
        unitsOf(pes[0]!.payload).map((unit) => unit.toString('hex')),
        ['460150', ...sets, '260107'],
      );
      assert.equal(pes[0]!.pts - pes[0]!.dts, form === 'frames-x' ? 0 : 40 * 90);
    });
  }

  it('groups audio of up to 70 ms, and carries the clock with it where there is no video', () => {
    const ts = muxer(m.aacHeader);
    for (let i = 0; i < 9; i++) assert.ok(ts.audio(m.aacFrame(Buffer.from([i, i])), i * 23));
    const { pes, tracks, clockPid, clocks } = demux(ts.end()!);
    assert.deepEqual({ tracks, clockPid }, { tracks: { [AUDIO]: 0x0f }, clockPid: AUDIO });
    assert.deepEqual(
      pes.map(({ pts, payload }) => [(pts - DELAY) / 90, adtsFrames(payload).map(([first]) => first)]),
      [
        [0, [0, 1, 2, 3]],
        [92, [4, 5, 6, 7]],
        [184, [8]],
      ],
    );
    assert.deepEqual(clocks, [0, 92 * 90, 184 * 90]);
  });

  it('has MP3 as it came', () => {
    const ts = new TsMuxer();
    assert.ok(ts.audio(m.mp3Frame(400), 0));
    const { pes, tracks } = demux(ts.end()!);
    assert.deepEqual(tracks, { [AUDIO]: 3 });
    assert.deepEqual(pes[0]!.payload, m.mp3Frame(400).subarray(1));
  });

  it('begins with the map of all tracks that the run has shown, on the clock of its first frame', () => {
    const ts = muxer(m.avcHeader, m.aacHeader);
    ts.video(m.avcFrame([slice(0x65, 1)], { key: true }), 0);
    ts.audio(m.aacFrame(Buffer.from([1])), 10);
    demux(ts.end()!);
    ts.audio(m.aacFrame(Buffer.from([2])), 30);
    const second = demux(ts.end()!);
    assert.deepEqual(second.tracks, { [VIDEO]: 0x1b, [AUDIO]: 0x0f });
    assert.equal(second.clockPid, AUDIO);
  });

  it('wraps its times at 33 bits', () => {
    const ts = muxer(m.avcHeader);
    const wrapMs = Math.ceil(2 ** 33 / 90);
    ts.video(m.avcFrame([slice(0x65, 1)], { key: true }), wrapMs);
    const { pes, clocks } = demux(ts.end()!);
    assert.equal(pes[0]!.dts, wrapMs * 90 + DELAY - 2 ** 33);
    assert.deepEqual(clocks, [wrapMs * 90 - 2 ** 33]);
  });

  it('leaves out what cannot be in it', () => {
    const ts = muxer(m.avcHeader, m.aacHeader);
    assert.equal(ts.video(Buffer.from('17010000000000ffff', 'hex'), 0), false, 'a unit longer than its frame');
    assert.equal(ts.video(m.hevcFrame([slice(0x26, 1)], { form: 'classic', key: true }), 0), false, 'another codec');
    assert.equal(
      ts.video(
        m.avcFrame(
          Array.from({ length: 2000 }, () => slice(0x41)),
          {},
        ),
        0,
      ),
      false,
      'too many units',
    );
    assert.equal(ts.audio(m.aacFrame(Buffer.alloc(9000)), 0), false, 'more than ADTS can say');
    assert.equal(ts.audio(Buffer.from([0x3f, 1, 2]), 0), false, 'PCM');
    assert.equal(ts.end(), null);
    assert.equal(ts.videoHeader(Buffer.from('1700000000', 'hex')), 'none');
    assert.equal(ts.audioHeader(Buffer.from('af00f800', 'hex')), 'none', 'an object beyond ADTS');
    assert.equal(ts.audioHeader(m.aacHeader), 'other');
    assert.equal(ts.audioHeader(m.aacHeader), 'same');
  });

  const event = fc.oneof(
    fc.record({
      is: fc.constant('video' as const),
      // Not a start code in its bytes: a real encoder escapes those.
      body: fc.uint8Array({ min: 4, max: 255, minLength: 1, maxLength: 700 }),
      key: fc.boolean(),
      compositionMs: fc.integer({ min: -600, max: 2000 }),
      stepMs: fc.integer({ min: 0, max: 200 }),
    }),
    fc.record({
      is: fc.constant('audio' as const),
      body: fc.uint8Array({ minLength: 1, maxLength: 500 }),
      stepMs: fc.integer({ min: 0, max: 60 }),
    }),
    fc.record({ is: fc.constant('end' as const), stepMs: fc.constant(0) }),
  );

  it('gives back every frame, in whole packets, with counters that run on and a clock that never falls', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 0, max: 2 ** 31 }), (events, startMs) => {
        const ts = muxer(m.avcHeader, m.aacHeader);
        const counters: Counters = new Map();
        const sent = { video: [] as string[], audio: [] as string[] };
        const got = { video: [] as string[], audio: [] as string[] };
        const clocks: number[] = [];
        let now = startMs;
        const end = () => {
          const segment = ts.end();
          if (segment === null) return;
          const demuxed = demux(segment, counters);
          clocks.push(...demuxed.clocks);
          for (const { pid, payload } of demuxed.pes) {
            if (pid === AUDIO) got.audio.push(...adtsFrames(payload).map((frame) => frame.toString('hex')));
            else got.video.push(unitsOf(payload).at(-1)!.toString('hex'));
          }
        };
        for (const one of events) {
          now += one.stepMs;
          if (one.is === 'end') end();
          else if (one.is === 'audio') {
            sent.audio.push(Buffer.from(one.body).toString('hex'));
            assert.ok(ts.audio(m.aacFrame(Buffer.from(one.body)), now));
          } else {
            const unit = Buffer.from([one.key ? 0x65 : 0x41, ...one.body]);
            sent.video.push(unit.toString('hex'));
            assert.ok(ts.video(m.avcFrame([unit], one), now));
          }
        }
        end();
        assert.deepEqual(got, sent);
        for (let i = 1; i < clocks.length; i++) {
          const step = (clocks[i]! - clocks[i - 1]! + 2 ** 33) % 2 ** 33;
          assert.ok(step < 2 ** 32, `the clock falls at ${i}`);
        }
      }),
    );
  });

  it('takes any bytes without harm', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (payloads) => {
        const ts = muxer(m.avcHeader, m.aacHeader);
        for (const bytes of payloads) {
          const payload = Buffer.from(bytes);
          ts.videoHeader(payload);
          ts.audioHeader(payload);
          ts.video(payload, 0);
          ts.audio(payload, 0);
        }
        const segment = ts.end();
        if (segment !== null) demux(segment);
      }),
    );
  });
});
