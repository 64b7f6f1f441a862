import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstNumbersAt } from '@dolphin/edge/domain/hls-numbers.js';
import { masterPlaylist, mediaPlaylist } from '@dolphin/edge/domain/hls-playlist.js';
import { HlsWindow, STREAM_SEGMENT_BYTES } from '@dolphin/edge/domain/hls-window.js';
import { ByteAccount } from '@dolphin/media';
import fc from 'fast-check';

const total = () => new ByteAccount(Number.MAX_SAFE_INTEGER);
const windowOf = (windowMs: number, account = total()) =>
  new HlsWindow({ windowMs, targetMs: 2000, firstNumber: 100, firstDiscontinuity: 7, total: account });
const segment = (durationMs = 2000, o: { bytes?: number; discontinuity?: boolean } = {}) => ({
  durationMs,
  bytes: Buffer.alloc(o.bytes ?? 10),
  discontinuity: o.discontinuity ?? false,
});
const text = (window: HlsWindow) =>
  mediaPlaylist(
    {
      segments: window.listed,
      discontinuitiesBefore: window.discontinuitiesBefore,
      targetSeconds: window.targetSeconds,
    },
    (number) => `s-${number}.ts`,
  );

describe('the window of a stream’s segments', () => {
  it('is a live playlist with SRS’s tags, which begins anew', () => {
    const window = windowOf(60_000);
    window.add(segment(2016));
    window.add(segment(1999.6, { discontinuity: true }));
    assert.equal(
      text(window),
      `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-TARGETDURATION:2
#EXT-X-DISCONTINUITY-SEQUENCE:7
#EXT-X-DISCONTINUITY
#EXTINF:2.016, no desc
s-100.ts
#EXT-X-DISCONTINUITY
#EXTINF:2.000, no desc
s-101.ts
`,
    );
    assert.match(
      masterPlaylist('/live/s.m3u8?hls_ctx=a'),
      /^#EXTM3U\n#EXT-X-STREAM-INF:.*\n\/live\/s\.m3u8\?hls_ctx=a\n$/,
    );
  });

  it('moves on, keeps some segments behind it, and says which discontinuities are gone', () => {
    const window = windowOf(6000);
    for (let i = 0; i < 10; i++) window.add(segment(2000, { discontinuity: i === 4 }));
    assert.deepEqual(
      window.listed.map(({ number }) => number),
      [107, 108, 109],
    );
    assert.deepEqual(
      [103, 104, 106].map((number) => window.find(number)?.number),
      [undefined, 104, 106],
    );
    assert.match(text(window), /#EXT-X-DISCONTINUITY-SEQUENCE:9\n/);
  });

  it('begins with higher numbers in each life of a server, as long as the day is the same', () => {
    const second = fc.integer({ min: 1_700_000_000, max: 4_000_000_000 });
    fc.assert(
      fc.property(second, fc.integer({ min: 5, max: 86_400 }), (at, laterS) => {
        const [one, next] = [firstNumbersAt(at), firstNumbersAt(at + laterS)];
        assert.ok(next.firstNumber > one.firstNumber);
        assert.ok(one.firstDiscontinuity < 17_280, 'hls.js counts up to it');
        const isSameDay = Math.floor(at / 86_400) === Math.floor((at + laterS) / 86_400);
        if (isSameDay) assert.ok(next.firstDiscontinuity > one.firstDiscontinuity);
      }),
    );
  });

  it('gives up its oldest segments beyond its bytes, and all of them when it is cleared; numbers go on', () => {
    const account = total();
    const window = windowOf(600_000, account);
    for (let i = 0; i < 5; i++) window.add(segment(2000, { bytes: STREAM_SEGMENT_BYTES / 4 }));
    assert.equal(window.listed.length, 4);
    assert.equal(account.bytes, STREAM_SEGMENT_BYTES);
    window.clear();
    assert.deepEqual([account.bytes, window.listed.length], [0, 0]);
    window.add(segment());
    assert.equal(window.listed[0]?.number, 105);
  });

  it('gives up its oldest when it is told to, until there is none', () => {
    const window = windowOf(600_000);
    for (let i = 0; i < 2; i++) window.add(segment());
    assert.deepEqual([window.dropOldest(), window.listed.map(({ number }) => number)], [true, [101]]);
    assert.deepEqual([window.dropOldest(), window.dropOldest(), window.bytes], [true, false, 0]);
  });

  it('never falls: neither its sequence, nor its discontinuities, nor its longest segment', () => {
    const event = fc.oneof(
      fc.record({ ms: fc.integer({ min: 100, max: 9000 }), discontinuity: fc.boolean() }),
      fc.constant('clear' as const),
    );
    fc.assert(
      fc.property(fc.array(event), fc.integer({ min: 1, max: 30_000 }), (events, windowMs) => {
        const account = total();
        const window = windowOf(windowMs, account);
        let [sequence, gone, target] = [0, 0, 0];
        for (const one of events) {
          if (one === 'clear') {
            window.clear();
            assert.equal(account.bytes, 0);
            continue;
          }
          window.add(segment(one.ms, one));
          const first = window.listed[0];
          assert.ok(first !== undefined && first.number >= sequence, 'sequence');
          assert.ok(window.discontinuitiesBefore >= gone && window.targetSeconds >= target);
          const newerMs = window.listed.slice(1).reduce((sum, { durationMs }) => sum + durationMs, 0);
          assert.ok(newerMs < windowMs, 'its first segment is not a window old');
          for (const { number, durationMs } of window.listed) {
            assert.equal(window.find(number)?.number, number);
            assert.ok(Math.round(durationMs / 1000) <= window.targetSeconds);
          }
          [sequence, gone, target] = [first.number, window.discontinuitiesBefore, window.targetSeconds];
        }
      }),
    );
  });
});
