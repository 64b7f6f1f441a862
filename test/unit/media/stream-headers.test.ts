import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type FrameKind,
  headersAfter,
  MAX_HEADER_TRACKS,
  MAX_TRACK_HEADER_BYTES,
  MessageType,
  messagesToStart,
  NO_HEADERS,
  OTHER_FRAMES,
  type RtmpMessage,
  type StreamHeaders,
  videoHeaderTracks,
} from '@dolphin/media';
import fc from 'fast-check';
import { enhanced, multitrack, type TrackPart } from '../../support/multitrack.js';

const AVC = { header: '1700000000', key: '1701000000', inter: '2701000000' };
const hex = (text: string) => Buffer.from(text, 'hex');
const MP3 = hex('2ffffb90');
/** As many in a row as are no stray ones. */
const several = (step: Step) => Array.from({ length: OTHER_FRAMES }, () => step);

type Step = readonly [FrameKind, Buffer];
const typeOf = (kind: FrameKind, payload: Buffer) => {
  if (kind === 'metadata' || kind === 'data') return MessageType.dataAmf0;
  if (kind !== 'track-header') return kind.startsWith('audio') ? MessageType.audio : MessageType.video;
  return (payload[0] ?? 0) === 0x95 ? MessageType.audio : MessageType.video;
};

function after(steps: readonly Step[], from: StreamHeaders = NO_HEADERS): StreamHeaders {
  return steps.reduce(
    (headers, [kind, payload]) => headersAfter(headers, message(typeOf(kind, payload), payload), kind),
    from,
  );
}

const message = (typeId: number, payload: Buffer): RtmpMessage => ({ typeId, timestamp: 7, streamId: 1, payload });
const startOf = (headers: StreamHeaders) =>
  messagesToStart(headers, 40).map(({ payload }) => payload.toString('latin1'));
const texts = (...payloads: readonly Buffer[]) => payloads.map((payload) => payload.toString('latin1'));
const part = (id: number, note = `${id}`, fourcc = 'hvc1'): TrackPart => ({ id, fourcc, body: Buffer.from(note) });

describe('the headers of a stream', () => {
  it('are the newest of each kind, with the metadata in front, at the time of the first frame', () => {
    const [video, audio] = [hex(AVC.header), hex('af001210')];
    const headers = after([
      ['audio-header', audio],
      ['metadata', Buffer.from('old')],
      ['video-header', hex(`${AVC.header}aa`)],
      ['video-header', video],
      ['metadata', Buffer.from('new')],
    ]);
    assert.deepEqual(startOf(headers), texts(Buffer.from('new'), video, audio));
    assert.deepEqual([headers.video?.payload, headers.audio?.payload], [video, audio]);
    assert.deepEqual(
      messagesToStart(headers, 40).map(({ timestamp }) => timestamp),
      [7, 40, 40],
    );
  });

  it('are copies: what a message was read into is used again', () => {
    const payload = hex(AVC.header);
    const headers = after([['video-header', payload]]);
    payload.fill(0);
    assert.deepEqual(headers.video?.payload, hex(AVC.header));
  });

  it('have those of every track, in the order in which they came', () => {
    const [both, second, sound] = [
      multitrack('video', 0, [part(0), part(1)]),
      multitrack('video', 0, [part(1, 'newer')]),
      multitrack('audio', 0, [part(2, 'x', 'Opus')]),
    ];
    const headers = after([
      ['video-header', both],
      ['track-header', sound],
      ['track-header', second],
    ]);
    assert.deepEqual(startOf(headers), texts(both, second, sound));
    assert.deepEqual(headers.video?.payload, both, 'that of the first track is for those who know no others');
    assert.equal(headers.audio, null);
    const first = enhanced(0, part(0, 'alone'));
    const later = after([['video-header', first]], headers);
    assert.deepEqual(startOf(later), texts(second, first, sound), 'the one with both is the newest of none');
  });

  it('keep one of several tracks for those that no other came for, in front of the others', () => {
    const both = multitrack('video', 0, [part(0), part(1, 'av1', 'av01')]);
    const first = enhanced(0, part(0, 'alone'));
    assert.deepEqual(
      startOf(
        after([
          ['video-header', both],
          ['video-header', first],
        ]),
      ),
      texts(both, first),
    );
  });

  it('are of a bounded number of tracks: more are forgotten, and counted', () => {
    const steps = Array.from({ length: MAX_HEADER_TRACKS + 2 }, (_, id): Step => {
      return [id === 0 ? 'video-header' : 'track-header', multitrack('video', 0, [part(id)])];
    });
    const headers = after(steps);
    assert.deepEqual(startOf(headers), texts(...steps.slice(0, MAX_HEADER_TRACKS).map(([, payload]) => payload)));
    assert.equal(headers.forgotten, 2);
  });

  it('are of bounded length, and an old one is not kept for a new one that is too long', () => {
    const old = multitrack('video', 0, [part(1)]);
    const large = multitrack('video', 0, [part(1, 'x'.repeat(MAX_TRACK_HEADER_BYTES))]);
    const first = enhanced(0, part(0, 'x'.repeat(MAX_TRACK_HEADER_BYTES)));
    const headers = after([
      ['video-header', first],
      ['track-header', old],
      ['track-header', large],
    ]);
    assert.deepEqual(startOf(headers), texts(first));
    assert.equal(headers.forgotten, 1);
  });

  it('are of bounded length, too, where each is of the first track until the next one comes', () => {
    const large = (id: number) => multitrack('video', 0, [part(0, 'x'.repeat(40_000)), part(id)]);
    const steps = [1, 2, 3, 4].map((id): Step => ['video-header', large(id)]);
    const headers = after(steps);
    assert.deepEqual(startOf(headers), texts(large(3), large(4)));
    assert.equal(headers.forgotten, 2);
  });

  it('of a codec that is not spoken any more are gone', () => {
    const before = after([
      ['video-header', hex(AVC.header)],
      ['audio-header', hex('af001210')],
    ]);
    const rows: [string, FrameKind, string, boolean][] = [
      ['AAC goes on', 'audio', 'af0121', true],
      ['an end of its sequence', 'video', '1702000000', true],
      ['a command frame', 'video', '5700', true],
      ['an enhanced command frame', 'video', 'd100', true],
      ['H.264 goes on', 'key-frame', AVC.key, true],
      ['H.264 goes on in the form of enhanced RTMP', 'key-frame', '9361766331', true],
      ['nothing of audio', 'audio', '', true],
      ['MP3', 'audio', '2ffffb90', false],
      ['PCM', 'audio', '3f00', false],
      ['AC-3', 'audio', '9161632d33', false],
      ['H.263', 'key-frame', '1200', false],
      ['VP8, which has no header of its own', 'key-frame', '9176703038', false],
    ];
    for (const [what, kind, payload, stays] of rows) {
      const headers = after(several([kind, hex(payload)]), before);
      assert.equal(headers === before, stays, what);
      if (!stays) assert.equal(headers[kind === 'audio' ? 'audio' : 'video'], null, what);
    }
    assert.deepEqual(startOf(after(several(['audio', MP3]), before)), texts(hex(AVC.header)));
  });

  it('stay for a stray frame of another codec, and come back with the first one of their own', () => {
    const header = hex('af001210');
    const [mp3, aac]: Step[] = [
      ['audio', MP3],
      ['audio', hex('af0121')],
    ];
    assert.ok(mp3 && aac);
    const before = after([['audio-header', header]]);
    const strays = Array.from({ length: 100 }, () => [...several(mp3).slice(1), aac]).flat();
    assert.deepEqual(startOf(after(strays, before)), texts(header));
    const gone = after(several(mp3), before);
    assert.deepEqual([gone.audio, startOf(gone)], [null, []]);
    assert.equal(after(several(mp3), gone), gone, 'nothing more changes');
    const back = after([aac], gone);
    assert.deepEqual([back.audio?.payload, startOf(back)], [header, texts(header)]);
  });

  it('of a track are ended by its own frames alone', () => {
    const both = multitrack('video', 0, [part(0), part(1, 'av1', 'av01')]);
    const before = after([['video-header', both]]);
    const inOrder = after([['video', multitrack('video', 1, [part(1, 'frame', 'av01')])]], before);
    assert.equal(inOrder, before);
    const other = after(several(['video', multitrack('video', 1, [part(1, 'frame', 'vp08')])]), before);
    assert.deepEqual(startOf(other), texts(both), 'it has that of the first track, too');
    const first = after(several(['key-frame', enhanced(3, part(0, 'frame', 'vp08'))]), other);
    assert.deepEqual(startOf(first), []);
  });

  const parts = fc.uniqueArray(
    fc.record({
      id: fc.nat(20),
      fourcc: fc.constantFrom('hvc1', 'av01', 'vp08'),
      body: fc.uint8Array({ maxLength: 9 }),
    }),
    { minLength: 1, maxLength: 4, selector: ({ id }) => id },
  );
  const step = fc.record({ packet: fc.constantFrom(0, 0, 1), parts }).map(({ packet, parts: some }): Step => {
    const payload = multitrack(
      'video',
      packet,
      some.map((each) => ({ ...each, body: Buffer.from(each.body) })),
    );
    if (packet !== 0) return ['video', payload];
    return [some.some(({ id }) => id === 0) ? 'video-header' : 'track-header', payload];
  });

  it('give a joiner for each track the header that is in force for it, or none', () => {
    /** The newest header of each track, for who was there from the beginning. */
    const newestOf = (payloads: readonly Buffer[]) => {
      const newest = new Map<number, Buffer>();
      for (const payload of payloads) for (const { id } of videoHeaderTracks(payload)) newest.set(id, payload);
      return newest;
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const headers = after(steps);
        const sent = steps.flatMap(([kind, payload]) => (kind === 'video' ? [] : [payload]));
        const inForce = newestOf(sent);
        const joined = newestOf(messagesToStart(headers, 0).map(({ payload }) => payload));
        const isQuiet = steps.length === sent.length && headers.forgotten === 0;
        if (isQuiet) assert.deepEqual(joined, inForce);
        for (const {
          tracks,
          message: { payload },
        } of headers.videoTracks) {
          for (const { id } of tracks) assert.deepEqual([id, payload], [id, inForce.get(id)]);
        }
        const kept = headers.videoTracks.flatMap(({ tracks }) => tracks);
        assert.equal(new Set(kept.map(({ id }) => id)).size, kept.length);
        assert.ok(kept.length <= MAX_HEADER_TRACKS, `${kept.length} tracks`);
      }),
    );
  });
});
