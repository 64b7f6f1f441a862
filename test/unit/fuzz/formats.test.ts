import assert from 'node:assert/strict';
import {
  type AmfValue,
  aacFacts,
  audioCodec,
  avcFacts,
  decodeAmf0,
  encodeAmf0,
  encodeFlvTag,
  FlvReader,
  type FlvTag,
  flvHeader,
  isAudioSequenceHeader,
  isMetadata,
  isVideoKeyFrame,
  isVideoSequenceHeader,
  MAX_AGGREGATE_TAGS,
  MessageType,
  StreamTimeline,
  splitAggregate,
  TS_PACKET_BYTES,
  TsMuxer,
  videoCodec,
  withoutSetDataFrame,
} from '@dolphin/media';
import { fuzz, mediaErrorOf } from '../../support/fuzz.js';
import { pieces } from '../../support/fuzz-mutate.js';
import { payloads, sampleBytes, sampleTags } from '../../support/fuzz-seeds.js';

const ofHex = (hex: string) => Buffer.from(hex, 'hex');

const values = [
  encodeAmf0('connect', 1, { app: 'live', flashVer: 'x', nested: { a: [1, 2, { b: null }] }, on: true }),
  encodeAmf0('onStatus', 0, null, { level: 'status', code: 'NetStream.Play.Start', at: new Date(0) }),
  Buffer.from('0800000002000161000000000000000000000162020001780000090f00000003616263', 'hex'),
  Buffer.from('10000374797000016103f0000009070001' + '0a000000020506', 'hex'),
  encodeAmf0('x'.repeat(70_000)).subarray(0, 200),
  // AMF3: a string, an object with and one without traits of its own, a list, a string twice, a date, bytes, XML.
  ...[
    '110607616263',
    '110a0b0103610405036206036301',
    '110a13010361060362',
    '1109050104010402',
    '110905010603780600',
  ].map(ofHex),
  ...['1108010000000000000000', '110c07010203', '110b073c613e', '020001781109030106037811090101060311060'].map(ofHex),
  ...payloads(MessageType.dataAmf0),
];

/** Values in it, in all its depth. */
function countOf(value: AmfValue): number {
  if (typeof value !== 'object' || value === null || value instanceof Date) return 1;
  return Object.values(value).reduce<number>((sum, each) => sum + countOf(each), 1);
}

fuzz('AMF0: MediaError or values, no more than its bytes, that are the same when they are written', values, (input) => {
  let read: AmfValue[] = [];
  const bad = mediaErrorOf(() => {
    read = decodeAmf0(input);
  });
  if (bad !== null) return;
  assert.ok(read.reduce<number>((sum, value) => sum + countOf(value), 0) <= input.length);
  // What was no UTF-8 is longer when it is written: too long for a key, perhaps.
  let written = Buffer.alloc(0);
  const tooLong = mediaErrorOf(() => {
    written = Buffer.from(encodeAmf0(...read));
  });
  if (tooLong !== null) return;
  // As bytes: a NaN or a date that is none equals nothing.
  assert.deepEqual(encodeAmf0(...decodeAmf0(written)), written);
});

const files = [
  sampleBytes.subarray(0, 3000),
  Buffer.concat([
    flvHeader({ audio: true, video: true }),
    ...sampleTags
      .filter(({ payload }) => payload.length < 400)
      .slice(0, 12)
      .map(encodeFlvTag),
  ]),
];

function readFlv(parts: readonly Buffer[]) {
  const reader = new FlvReader();
  const tags: FlvTag[] = [];
  const error = mediaErrorOf(() => {
    for (const part of parts)
      for (const tag of reader.push(part)) tags.push({ ...tag, payload: Buffer.from(tag.payload) });
  });
  return { tags, error };
}

fuzz('FLV: MediaError or tags, the same whole or in pieces, and when they are written', files, (input, random) => {
  const whole = readFlv([input]);
  const cut = readFlv(pieces(input, random));
  assert.equal(cut.error, whole.error);
  // Of a read that ends in an error nothing is told.
  if (whole.error === null) assert.deepEqual(cut.tags, whole.tags);
  const written = Buffer.concat([flvHeader({ audio: true, video: true }), ...whole.tags.map(encodeFlvTag)]);
  assert.deepEqual(readFlv([written]), { tags: whole.tags, error: null });
});

const aggregates = [3, 10, 40].map((count) =>
  Buffer.concat(
    sampleTags
      .filter(({ payload }) => payload.length < 300)
      .slice(0, count)
      .map(encodeFlvTag),
  ),
);

fuzz('an aggregate: MediaError or views into it that do not overlap', aggregates, (input) => {
  mediaErrorOf(() => {
    const messages = splitAggregate({ typeId: 22, timestamp: 0xfffffff0, streamId: 1, payload: input });
    assert.ok(messages.length <= MAX_AGGREGATE_TAGS);
    assert.ok(messages.reduce((sum, { payload }) => sum + payload.length, 0) <= input.length);
    for (const { timestamp } of messages) assert.ok(timestamp >= 0 && timestamp <= 0xffffffff);
  });
});

const headers = [
  '1700000000014d401effe1000467424000010004' + '68ce3c80',
  '17000000000164001fffe1001967640' + '01facd9405005bb016a02020280000003008000001e478c18cb01000468ebecb22c',
  '9168766331000000' + '01020304050607',
  '90617630318104' + '0c00',
  '97000306' + '90' + '68766331' + '0102',
  '960068766331' + '00' + '0102',
  '1c00000000010160000000b000000000005df000fcfdf8f800000f03200001000' + '140010c01ffff',
  'af0011901056e500',
  'af01210004',
  '906d703461' + '1210',
  '914f707573' + '0102',
  '2ffffb9064',
].map((hex) => Buffer.from(hex.length % 2 === 0 ? hex : `${hex}0`, 'hex'));
const media = [...headers, ...payloads(MessageType.video, 400), ...payloads(MessageType.audio, 400)];

fuzz('heads of frames, and the parameters of AVC and AAC: an answer for any bytes', media, (input) => {
  assert.ok(!(isVideoKeyFrame(input) && isVideoSequenceHeader(input)));
  videoCodec(input);
  audioCodec(input);
  isAudioSequenceHeader(input);
  const avc = avcFacts(input);
  if (avc?.width) assert.ok(Number.isFinite(avc.width));
  const aac = aacFacts(input);
  if (aac !== null) assert.ok(aac.sampleRate >= 0 && aac.channels >= 0);
  isMetadata(input);
  assert.ok(withoutSetDataFrame(input).length <= input.length);
});

fuzz(
  'the transport stream: packets of 188 bytes in proportion, whatever frames it is made of',
  media,
  (input, random) => {
    const muxer = new TsMuxer();
    muxer.videoHeader(Buffer.from(random() < 0.5 ? input : (headers[0] as Buffer)));
    muxer.audioHeader(Buffer.from(random() < 0.5 ? input : (headers[7] as Buffer)));
    let bytes = 0;
    for (let i = 0; i < 4; i++) {
      const payload = input.subarray(i * 3);
      bytes += payload.length;
      muxer.video(payload, Math.floor(random() * 0xffffffff));
      muxer.audio(payload, Math.floor(random() * 0xffffffff));
    }
    const segment = muxer.end();
    if (segment === null) return;
    assert.equal(segment.length % TS_PACKET_BYTES, 0);
    for (let at = 0; at < segment.length; at += TS_PACKET_BYTES) assert.equal(segment[at], 0x47);
    // A parameter set goes in front of each key frame, a start code in front of each unit.
    assert.ok(segment.length <= 64 * TS_PACKET_BYTES + 16 * (bytes + 4 * input.length), `${segment.length}`);
  },
);

const clocks = [
  Buffer.alloc(64),
  Buffer.from('00000000000000280000005000ffffff010000007ffffff080000000fffffff0', 'hex'),
];

fuzz('the clock of a stream: times that players can bear, of any times', clocks, (input, random) => {
  const timeline = new StreamTimeline('full');
  const last = { audio: 0, video: 0 };
  for (let at = 0, nowMs = 1; at + 4 <= input.length; at += 4, nowMs += random() * 5000) {
    const track = random() < 0.5 ? 'audio' : 'video';
    const time = timeline.frame(track, input.readUInt32BE(at), random() < 0.2, nowMs);
    assert.ok(Number.isInteger(time) && time >= 0 && time < 2 ** 31, `${time}`);
    assert.ok(time >= last[track] || time === 0, `${track} falls from ${last[track]} to ${time}`);
    if (time === 0) last.audio = last.video = 0;
    else last[track] = time;
  }
});
