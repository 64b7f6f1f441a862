import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ByteAccount,
  FlvReader,
  type FrameKind,
  flvHeader,
  MessageType,
  NO_HEADERS,
  OTHER_FRAMES,
  type RtmpMessage,
  SLAB_BYTES,
  StreamRing,
} from '@dolphin/media';
import fc from 'fast-check';

const OPTIONS = {
  chunkSize: 60_000,
  maxBytes: 8 * 1024 * 1024,
  maxLagMs: 30_000,
  gopCache: true,
  gopCacheMaxFrames: 2500,
};

/** As frames begin that a codec's reader is to know for what they are. */
const HEADS: Readonly<Record<FrameKind, string>> = {
  metadata: '',
  data: '',
  'video-header': '1700000000',
  'key-frame': '1701000000',
  video: '2701000000',
  'audio-header': 'af00',
  audio: 'af01',
  'track-header': '9600687663310100',
};
const STAMP_BYTES = 4;

let stamp = 0;
function frame(kind: FrameKind, bytes = 10, timestamp = 0): [RtmpMessage, FrameKind] {
  const typeId = kind === 'audio' || kind === 'audio-header' ? MessageType.audio : MessageType.video;
  const payload = Buffer.concat([Buffer.from(HEADS[kind], 'hex'), Buffer.alloc(bytes)]).subarray(
    0,
    Math.max(bytes, 10),
  );
  payload.writeUInt32BE(++stamp, payload.length - STAMP_BYTES);
  return [{ typeId, timestamp, streamId: 1, payload }, kind];
}

/** All payload numbers that a player gets who begins at `cursor`. */
function read(ring: StreamRing, cursor: number): number[] {
  const out: number[] = [];
  for (let at = cursor; at < ring.next; at++) {
    const tags = ring.slabAt(at)?.flv().raw ?? Buffer.alloc(0);
    const file = Buffer.concat([flvHeader({ audio: true, video: true }), tags]);
    for (const { payload } of new FlvReader().push(file)) out.push(stampOf(payload));
  }
  return out;
}

const stampOf = (payload: Buffer) => payload.readUInt32BE(payload.length - STAMP_BYTES);
const numberOf = ([{ payload }]: [RtmpMessage, FrameKind]) => stampOf(payload);

describe('the ring of a stream', () => {
  it('closes a slab before a key frame, at a sequence header, and at 256 KiB', () => {
    const ring = new StreamRing(OPTIONS);
    assert.equal(ring.append(...frame('video')), false);
    assert.equal(ring.append(...frame('key-frame')), true, 'before a key frame');
    assert.equal(ring.append(...frame('video')), false);
    assert.equal(ring.append(...frame('video-header')), true, 'at a sequence header');
    assert.equal(ring.append(...frame('video', SLAB_BYTES)), true, 'at its size');
    assert.equal(ring.hasOpen, false);
  });

  it('lets a joiner begin at the newest key frame, with each later message once', () => {
    const ring = new StreamRing(OPTIONS);
    const first = [frame('key-frame'), frame('video')];
    const second = [frame('key-frame'), frame('video'), frame('audio')];
    for (const each of [...first, ...second]) ring.append(...each);
    const cursor = ring.join();
    const later = [frame('video'), frame('key-frame')];
    for (const each of later) ring.append(...each);
    ring.close();
    assert.deepEqual(read(ring, cursor), [...second, ...later].map(numberOf));
    assert.equal(ring.slabAt(cursor)?.startsWithKeyFrame, true);
  });

  it('closes no slab for a joiner: the players that are there would pay a write each', () => {
    const ring = new StreamRing(OPTIONS);
    ring.append(...frame('key-frame'));
    ring.append(...frame('video'));
    const next = ring.next;
    ring.join();
    assert.equal(ring.next, next);
    assert.equal(ring.hasOpen, true);
  });

  it('gives a joiner the headers that are in force at its first frame', () => {
    const ring = new StreamRing(OPTIONS);
    const metadata = frame('metadata');
    const video = frame('video-header');
    const audio = frame('audio-header');
    for (const each of [metadata, video, audio, frame('key-frame'), frame('metadata')]) ring.append(...each);
    ring.close();
    const slab = ring.slabAt(ring.join());
    const { metadata: meta, video: first, audio: sound } = slab?.headers ?? NO_HEADERS;
    assert.deepEqual([meta, first, sound], [metadata[0], video[0], audio[0]]);
    assert.equal(slab?.hasFrames, true);
  });

  it('knows a track by its frames, not by its header', () => {
    const ring = new StreamRing(OPTIONS);
    for (const kind of ['video-header', 'audio-header', 'key-frame'] as const) ring.append(...frame(kind));
    assert.deepEqual(ring.tracks, { video: true, audio: false });
    assert.equal(ring.areTracksKnown, false);
    ring.append(...frame('audio'));
    assert.deepEqual(ring.tracks, { video: true, audio: true });
    assert.equal(ring.areTracksKnown, true);
  });

  it('forgets the cached frames at a changed sequence header, and keeps them at a repeated one', () => {
    const ring = new StreamRing(OPTIONS);
    const header = frame('video-header');
    ring.append(...header);
    ring.append(...frame('key-frame'));
    const start = ring.join();
    ring.append({ ...header[0], payload: Buffer.from(header[0].payload) }, 'video-header');
    assert.equal(ring.join(), start);
    ring.append(...frame('video-header'));
    assert.equal(ring.join(), ring.next, 'it begins with what comes');
  });

  it('begins anew when another codec is spoken, without the header of the old one', () => {
    const ring = new StreamRing(OPTIONS);
    for (const kind of ['video-header', 'audio-header', 'key-frame', 'audio'] as const) ring.append(...frame(kind));
    const [video, audio] = [ring.headers.video, ring.headers.audio];
    const [mp3] = frame('audio');
    mp3.payload[0] = 0x2f;
    const start = ring.join();
    for (let i = 1; i < OTHER_FRAMES; i++) assert.equal(ring.append(mp3, 'audio'), false, 'it may be a stray one');
    assert.equal(ring.join(), start);
    assert.equal(ring.append(mp3, 'audio'), true, 'what is open is closed');
    assert.equal(ring.join(), ring.next, 'the cached frames have both codecs');
    ring.append(...frame('key-frame'));
    ring.close();
    const [before, at, key] = [ring.next - 3, ring.next - 2, ring.next - 1].map(
      (number) => ring.slabAt(number)?.headers,
    );
    assert.deepEqual([before?.video, before?.audio], [video, audio]);
    assert.deepEqual([at?.video, at?.audio], [video, null]);
    assert.deepEqual([key?.video, key?.audio], [video, null]);
  });

  it('forgets the cached frames of a publisher that is gone', () => {
    const ring = new StreamRing(OPTIONS);
    ring.append(...frame('video-header'));
    ring.append(...frame('key-frame'));
    ring.republish();
    assert.equal(ring.join(), ring.next);
    assert.equal(ring.headers.video, null);
  });

  it('caches nothing with gop_cache off, and no GOP of more frames than allowed', () => {
    const off = new StreamRing({ ...OPTIONS, gopCache: false });
    off.append(...frame('key-frame'));
    assert.equal(off.join(), off.next);
    const short = new StreamRing({ ...OPTIONS, gopCacheMaxFrames: 3 });
    for (const kind of ['key-frame', 'video', 'video', 'video'] as const) short.append(...frame(kind));
    assert.equal(short.join(), short.next);
  });

  it('shows a player that fell out of it the newest key frame', () => {
    const ring = new StreamRing({ ...OPTIONS, maxBytes: 1000 });
    for (let i = 0; i < 10; i++) {
      ring.append(...frame('key-frame', 200));
      ring.append(...frame('video', 200));
    }
    ring.close();
    assert.ok(ring.oldest > 0);
    const key = ring.restartAfter(0);
    assert.ok(key !== null && key >= ring.oldest);
    assert.equal(ring.slabAt(key)?.startsWithKeyFrame, true);
    assert.equal(ring.restartAfter(key), null, 'it is there already');
  });

  it('makes the form of FLV once, and counts it', () => {
    const ring = new StreamRing(OPTIONS);
    ring.append(...frame('key-frame', 100));
    ring.close();
    const slab = ring.slabAt(ring.join());
    const before = ring.bytes;
    assert.equal(slab?.flv(), slab?.flv());
    assert.ok(ring.bytes >= before + 200);
    ring.clear();
    assert.equal(ring.bytes, 0);
  });

  it('keeps what a player or the cache needs, and drops the rest', () => {
    const ring = new StreamRing(OPTIONS);
    for (let i = 0; i < 5; i++) {
      ring.append(...frame('key-frame'));
      ring.append(...frame('video'));
      ring.close();
    }
    ring.release(2);
    assert.equal(ring.oldest, 2, 'a player is at 2');
    ring.release(Number.MAX_SAFE_INTEGER);
    assert.equal(ring.oldest, 4, 'the cache begins at 4');
  });

  it('stays within its bytes and the total, whatever comes, and its account ends at 0', () => {
    const kinds = fc.constantFrom<FrameKind>('key-frame', 'video', 'audio', 'video-header', 'metadata', 'data');
    const step = fc.oneof(
      fc.tuple(fc.constant('append' as const), kinds, fc.integer({ min: 4, max: 50_000 })),
      fc.tuple(fc.constantFrom('join', 'close', 'republish', 'form', 'release') as fc.Arbitrary<'join'>),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const total = new ByteAccount(150_000);
        const ring = new StreamRing({ ...OPTIONS, maxBytes: 200_000, total });
        let count = 0;
        for (const [what, kind, bytes] of steps as [string, FrameKind, number][]) {
          if (what === 'append') ring.append(...frame(kind, bytes, 40 * ++count));
          else if (what === 'close') ring.close();
          else if (what === 'republish') ring.republish();
          else if (what === 'release') ring.release(ring.next);
          else if (what === 'form') ring.slabAt(ring.next - 1)?.flv();
          else {
            const cursor = ring.join();
            assert.ok(cursor >= ring.oldest && cursor <= ring.next, 'a joiner can begin');
            if (cursor < ring.next) assert.ok(ring.slabAt(cursor)?.startsWithKeyFrame);
          }
          // Over the limit only by the newest slab with its form, and the open one.
          assert.ok(ring.bytes <= 150_000 + 3 * (SLAB_BYTES + 50_000));
          assert.equal(ring.bytes, total.bytes);
        }
        ring.clear();
        assert.equal(total.bytes, 0);
      }),
      { numRuns: 150 },
    );
  });
});
