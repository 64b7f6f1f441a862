import assert from 'node:assert/strict';
import {
  type AmfValue,
  decodeAmf0,
  encodeAmf0,
  encodeFlvTag,
  FlvReader,
  type FlvTag,
  flvHeader,
  MAX_AGGREGATE_TAGS,
  MessageType,
  splitAggregate,
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
  // AMF3: traits twice; a list that has names, too; all bytes of a number; a class that writes itself.
  ...[
    '110a0b0105610403110a0100',
    '1109030362010400' + '110903036201' + '0401',
    '1104ffffffff1104c080001105400921fb54442d18',
    '110a0701',
    '11090501' + '0a13010361060362' + '0a010403',
  ].map(ofHex),
  // Deeper than is read, as are these; and a name that is none.
  ...['03000161', '0a00000001', '0800000001000161'].flatMap((level) => [
    ofHex(level.repeat(31)),
    ofHex(level.repeat(40)),
  ]),
  ofHex(`11${'09030161'.repeat(40)}`),
  ofHex(`11${'090301'.repeat(40)}01`),
  encodeAmf0(
    Object.fromEntries([
      ['__proto__', 1],
      ['a', { b: 2 }],
    ]),
  ),
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
    for (const part of parts) tags.push(...reader.push(part));
  });
  return { tags, error };
}

/** Byte by byte: as values they take longer to compare than to read. */
function assertSame(tags: readonly FlvTag[], expected: readonly FlvTag[]): void {
  assert.equal(tags.length, expected.length);
  for (const [i, tag] of tags.entries()) {
    const other = expected[i] as FlvTag;
    const isSame = tag.typeId === other.typeId && tag.timestamp === other.timestamp;
    if (!isSame || !tag.payload.equals(other.payload)) assert.deepEqual(tag, other);
  }
}

fuzz('FLV: MediaError or tags, the same whole or in pieces, and when they are written', files, (input, random) => {
  const whole = readFlv([input]);
  const cut = readFlv(pieces(input, random));
  assert.equal(cut.error, whole.error);
  // Of a read that ends in an error nothing is told.
  if (whole.error === null) assertSame(cut.tags, whole.tags);
  const written = readFlv([flvHeader({ audio: true, video: true }), ...whole.tags.map(encodeFlvTag)]);
  assert.equal(written.error, null);
  assertSame(written.tags, whole.tags);
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
