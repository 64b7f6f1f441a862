import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeFlvTag, FlvReader, type FlvTag, flvHeader, splitAggregate } from '@dolphin/media';
import fc from 'fast-check';
import { cut, places, refuses } from './media-arbitraries.js';

const tag: fc.Arbitrary<FlvTag> = fc.record(
  {
    typeId: fc.constantFrom(8, 9, 18),
    timestamp: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
);
const readAll = (pieces: readonly Buffer[], reader = new FlvReader()) => pieces.flatMap((piece) => reader.push(piece));

describe('FLV', () => {
  it('gives back the tags that were written, cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 6 }), places, (tags, at) => {
        const bytes = Buffer.concat([flvHeader({ audio: true, video: false }), ...tags.map(encodeFlvTag)]);
        const reader = new FlvReader();
        assert.deepEqual(readAll(cut(bytes, at), reader), tags);
        assert.deepEqual(reader.has, { audio: true, video: false });
      }),
    );
  });

  it('has the bytes of the specification', () => {
    assert.equal(flvHeader({ audio: true, video: true }).toString('hex'), '464c5601050000000900000000');
    const bytes = encodeFlvTag({ typeId: 9, timestamp: 0x12345678, payload: Buffer.from('ab') });
    assert.equal(bytes.toString('hex'), '0900000234567812000000' + '6162' + '0000000d');
  });

  it('of random bytes gives tags or a MediaError, nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), fc.boolean(), (pieces, headed) => {
        const reader = new FlvReader();
        if (headed) reader.push(flvHeader({ audio: true, video: true }));
        refuses(() =>
          readAll(
            pieces.map((piece) => Buffer.from(piece)),
            reader,
          ),
        );
      }),
    );
  });

  it('refuses a tag above the limit at its header', () => {
    const reader = new FlvReader({ maxTagBytes: 100 });
    reader.push(flvHeader({ audio: true, video: true }));
    const bytes = encodeFlvTag({ typeId: 9, timestamp: 0, payload: Buffer.alloc(101) });
    assert.throws(() => reader.push(bytes.subarray(0, 11)), { code: 'limit' });
  });
});

describe('an aggregate', () => {
  const tags = [
    { typeId: 9, timestamp: 1000, payload: Buffer.from('v') },
    { typeId: 8, timestamp: 1010, payload: Buffer.from('a') },
  ];
  const aggregate = (payload: Buffer) => ({ typeId: 22, timestamp: 5000, streamId: 1, payload });

  it('is split into its messages, the first at the time of the aggregate', () => {
    assert.deepEqual(
      splitAggregate(aggregate(Buffer.concat(tags.map(encodeFlvTag)))).map((m) => [
        m.typeId,
        m.timestamp,
        `${m.payload}`,
      ]),
      [
        [9, 5000, 'v'],
        [8, 5010, 'a'],
      ],
    );
  });

  it('may lack the last size, and drops what is no media', () => {
    const bytes = Buffer.concat([encodeFlvTag({ ...tags[0]!, typeId: 15 }), encodeFlvTag(tags[1]!)]);
    assert.equal(splitAggregate(aggregate(bytes.subarray(0, -4))).length, 1);
  });

  it('of random bytes gives messages or a MediaError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        refuses(() => splitAggregate(aggregate(Buffer.from(bytes))));
      }),
    );
  });
});
