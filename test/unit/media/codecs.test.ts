import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  aacConfig,
  aacFacts,
  audioCodec,
  audioKind,
  avcFacts,
  encodeAmf0,
  isAudioSequenceHeader,
  isMetadata,
  isVideoKeyFrame,
  isVideoSequenceHeader,
  soundFacts,
  videoCodec,
  videoFrame,
  videoHeaderTracks,
  videoKind,
  withoutSetDataFrame,
} from '@dolphin/media';
import fc from 'fast-check';
import { multitrack } from '../../support/multitrack.js';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

describe('a video payload', () => {
  const rows: [string, string, string | null, 'key' | 'header' | 'other'][] = [
    ['an AVC key frame', '17 01 000000 00', 'H264', 'key'],
    ['an AVC inter frame', '27 01 000000 00', 'H264', 'other'],
    ['an AVC sequence header', '17 00 000000 01', 'H264', 'header'],
    ['an AVC end of sequence', '17 02 000000', 'H264', 'other'],
    ['an H.263 key frame', '12 00', 'H263', 'key'],
    ['an HEVC key frame of the old kind', '1c 01 000000', 'HEVC', 'key'],
    ['an enhanced HEVC key frame', '91 68766331 000000', 'HEVC', 'key'],
    ['an enhanced HEVC key frame without composition time', '93 68766331', 'HEVC', 'key'],
    ['an enhanced HEVC inter frame', 'a1 68766331 000000', 'HEVC', 'other'],
    ['an enhanced HEVC sequence header', '90 68766331', 'HEVC', 'header'],
    ['an enhanced AV1 key frame', '91 61763031', 'AV1', 'key'],
    ['enhanced HDR metadata', '94 68766331', 'HEVC', 'other'],
    ['a multitrack AV1 key frame', '96 01 61763031 00', 'AV1', 'key'],
    ['an AV1 key frame behind a modifier', '97 02 000000 01 61763031', 'AV1', 'key'],
    ['a multitrack sequence header of the first track', '96 00 61763031 00 81', 'AV1', 'header'],
    ['a multitrack sequence header of another track', '96 00 61763031 01 81', 'AV1', 'other'],
    ['a key frame of another track', '96 01 61763031 02', 'AV1', 'other'],
    ['key frames of many tracks, the first one first', '96 11 61763031 00 000001 0a', 'AV1', 'key'],
    ['key frames of many codecs', '96 21 68766331 00 000004 000000 0a', 'HEVC', 'key'],
    ['a multitrack message that ends before its track', '96 01 61763031', null, 'other'],
    [
      'a multitrack key frame behind a modifier of 256 bytes',
      `97 ff 00ff ${'00'.repeat(256)} 06 01 61763031 00`,
      'AV1',
      'key',
    ],
    ['an enhanced command frame', 'd1 00', 'other', 'other'],
    ['a command frame', '57 00', 'H264', 'other'],
    ['one byte', '17', null, 'other'],
    ['nothing', '', null, 'other'],
  ];
  for (const [what, bytes, codec, kind] of rows) {
    it(`is told to be ${what}`, () => {
      const payload = hex(bytes);
      assert.equal(videoCodec(payload), codec);
      assert.equal(isVideoKeyFrame(payload), kind === 'key');
      assert.equal(isVideoSequenceHeader(payload), kind === 'header');
    });
  }

  it('that is an AVC sequence header tells profile, level and size', () => {
    const header = hex(
      '17 00 000000 01640028ffe1001b67640028acd940780227e5c044000003000400000300c83c60c65801000668ebe3cb22c0',
    );
    assert.deepEqual(avcFacts(header), { profile: 'High', level: '4', width: 1920, height: 1080 });
    assert.equal(avcFacts(header.subarray(0, 9)), null);
    assert.deepEqual(avcFacts(header.subarray(0, 16)), { profile: 'High', level: '4', width: null, height: null });
    assert.equal(avcFacts(hex('27 01 000000 00')), null);
  });
});

describe('an audio payload', () => {
  it('tells its codec, and whether it is a sequence header', () => {
    assert.equal(audioCodec(hex('af 01 21')), 'AAC');
    assert.equal(audioCodec(hex('2f')), 'MP3');
    assert.equal(audioCodec(hex('91 4f707573')), 'Opus');
    assert.equal(audioCodec(hex('')), null);
    assert.equal(isAudioSequenceHeader(hex('af 00 1210')), true);
    assert.equal(isAudioSequenceHeader(hex('af 01 21')), false);
    assert.equal(isAudioSequenceHeader(hex('90 6d703461 1210')), true);
  });

  it('of enhanced RTMP is known behind modifiers and in tracks, the first of which has the headers', () => {
    assert.equal(audioCodec(hex('97 02 000000 01 4f707573')), 'Opus');
    assert.equal(isAudioSequenceHeader(hex('97 02 000000 00 4f707573')), true);
    assert.equal(audioCodec(hex('95 01 664c6143 00')), 'FLAC');
    assert.equal(isAudioSequenceHeader(hex('95 00 4f707573 00')), true);
    assert.equal(isAudioSequenceHeader(hex('95 00 4f707573 01')), false);
    assert.equal(isAudioSequenceHeader(hex('91 4f707573')), false);
    assert.equal(audioCodec(hex('95 01 4f7075')), null);
    assert.deepEqual(aacFacts(hex('95 00 6d703461 00 1190')), { profile: 'LC', sampleRate: 48000, channels: 2 });
  });

  it('that is an AAC sequence header tells profile, rate and channels', () => {
    assert.deepEqual(aacFacts(hex('af 00 1210')), { profile: 'LC', sampleRate: 44100, channels: 2 });
    assert.deepEqual(aacFacts(hex('90 6d703461 1190')), { profile: 'LC', sampleRate: 48000, channels: 2 });
    assert.deepEqual(aacFacts(hex('af 00 2b8a0800')), { profile: 'HE', sampleRate: 44100, channels: 1 });
    assert.equal(aacFacts(hex('af 00 12')), null);
    assert.equal(aacFacts(hex('af 01 1210')), null);
  });
});

it('the first byte of a frame tells of sound that has no sequence header', () => {
  assert.deepEqual(soundFacts(0x2f), { codec: 'MP3', sampleRate: 44100, channels: 2 });
  assert.deepEqual(soundFacts(0x36), { codec: 'PCM', sampleRate: 11025, channels: 1 });
  assert.deepEqual([soundFacts(0xaf), soundFacts(0x91)], [null, null]);
});

describe('a message of several tracks', () => {
  const part = (id: number, fourcc: string, body: string) => ({ id, fourcc, body: hex(body) });

  it('is told by its first track, wherever that stands, and gives its bytes alone', () => {
    const others = [part(3, 'hvc1', '0a0b'), part(0, 'hvc1', '000028 0000000401020304'), part(1, 'hvc1', 'ff')];
    const key = multitrack('video', 1, others);
    assert.equal(videoKind(key), 'key-frame');
    assert.deepEqual(videoFrame(key)?.body, hex('0000000401020304'));
    assert.equal(videoFrame(key)?.compositionMs, 40);
    const sound = multitrack('audio', 0, [part(2, 'Opus', 'aa'), part(0, 'mp4a', '1190')]);
    assert.equal(audioKind(sound), 'audio-header');
    assert.deepEqual(aacConfig(sound), hex('1190'));
  });

  it('that has headers tells whose, and none of another kind does', () => {
    const parts = [part(0, 'hvc1', 'aa'), part(1, 'av01', ''), part(7, 'zzzz', 'bb')];
    const codecs = [
      { id: 0, codec: 'HEVC' },
      { id: 1, codec: 'AV1' },
      { id: 7, codec: 'other' },
    ];
    assert.deepEqual(videoHeaderTracks(multitrack('video', 0, parts)), codecs);
    assert.deepEqual(videoHeaderTracks(multitrack('video', 1, parts)), []);
    assert.deepEqual(videoHeaderTracks(hex('1700000000')), [{ id: 0, codec: 'H264' }]);
    assert.deepEqual(videoHeaderTracks(hex('')), []);
    const further = multitrack('video', 0, parts.slice(1));
    assert.equal(videoKind(further), 'track-header');
    assert.deepEqual(videoHeaderTracks(further), codecs.slice(1));
    const sound = [part(1, 'mp4a', '1190'), part(2, 'mp4a', '1210')];
    assert.equal(audioKind(multitrack('audio', 0, sound)), 'track-header');
    assert.equal(audioKind(multitrack('audio', 1, sound)), 'audio');
  });

  it('that is cut off has those that came whole, and as many as there are numbers for', () => {
    const parts = Array.from({ length: 3 }, (_, id) => part(id, 'hvc1', 'aabb'));
    const whole = multitrack('video', 0, parts);
    const tracksAt = (bytes: number) => videoHeaderTracks(whole.subarray(0, bytes)).map(({ id }) => id);
    assert.deepEqual(tracksAt(whole.length), [0, 1, 2]);
    assert.deepEqual(tracksAt(whole.length - 3), [0, 1]);
    assert.deepEqual(tracksAt(6), []);
    const many = Array.from({ length: 300 }, (_, i) => part(i % 256, 'hvc1', ''));
    assert.equal(videoHeaderTracks(multitrack('video', 0, many)).length, 256);
    const twice = multitrack('video', 0, [part(0, 'hvc1', 'aa'), part(0, 'hvc1', 'bb')]);
    assert.deepEqual(videoHeaderTracks(twice), [{ id: 0, codec: 'HEVC' }]);
  });
});

describe('a data payload', () => {
  it('is metadata with and without @setDataFrame, which players do not get', () => {
    const bare = encodeAmf0('onMetaData', { width: 640 });
    const wrapped = encodeAmf0('@setDataFrame', 'onMetaData', { width: 640 });
    assert.ok(isMetadata(bare) && isMetadata(wrapped));
    assert.deepEqual(withoutSetDataFrame(wrapped), bare);
    assert.deepEqual(withoutSetDataFrame(bare), bare);
    assert.equal(isMetadata(encodeAmf0('onCuePoint')), false);
    assert.equal(isMetadata(hex('00000000')), false);
  });
});

it('no payload makes the codec facts throw', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom('', '1700000000', 'af00', '97', '96', '90', '95', '906d703461'),
      (tail, head) => {
        const payload = Buffer.concat([hex(head), tail]);
        avcFacts(payload);
        aacFacts(payload);
        audioCodec(payload);
        isAudioSequenceHeader(payload);
        isVideoKeyFrame(payload);
        isMetadata(payload);
      },
    ),
    { numRuns: 500 },
  );
});
