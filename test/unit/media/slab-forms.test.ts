import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkReader, encodeRtmpRun, FlvReader, flvOfRun, MessageType, type RtmpMessage } from '@dolphin/media';
import fc from 'fast-check';

const CHUNK_SIZE = 4096;

const message = fc.record({
  typeId: fc.constantFrom(MessageType.audio, MessageType.video, MessageType.dataAmf0),
  timestamp: fc.oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.constantFrom(0, 0xfffffe, 0xffffff, 0x1000000, 18_000_000),
  ),
  payload: fc
    .oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 9000))
    .map((length) => Buffer.alloc(length, length & 0xff)),
  streamId: fc.constant(1),
});

/** What a player at this chunk size reads, whatever went before on its connection. */
function readChunks(bytes: Buffer): RtmpMessage[] {
  const reader = new ChunkReader();
  const setChunkSize = Buffer.from([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  setChunkSize.writeUInt32BE(CHUNK_SIZE, 12);
  return reader.push(Buffer.concat([setChunkSize, bytes]));
}

describe('the forms of a slab', () => {
  it('gives every RTMP player the same messages (empty ones are none), wherever in the run it begins', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), fc.nat({ max: 12 }), (messages, from) => {
        const own = messages.slice(from);
        // Copies: the arbitrary's own objects have no prototype.
        const plain = own.map((each) => ({ ...each })).filter(({ payload }) => payload.length > 0);
        assert.deepEqual(readChunks(encodeRtmpRun(own, CHUNK_SIZE)), plain);
      }),
      { numRuns: 200 },
    );
  });

  it('says the same as FLV tags in one HTTP chunk, whose inside is what a raw player gets', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
        const { chunk, raw } = flvOfRun(encodeRtmpRun(messages, CHUNK_SIZE), CHUNK_SIZE, 'all');
        const [size = ''] = chunk.toString('latin1').split('\r\n', 1);
        assert.equal(Number.parseInt(size, 16), raw.length);
        assert.equal(chunk.length, size.length + 2 + raw.length + 2);
        assert.deepEqual(chunk.subarray(size.length + 2, -2), raw);
        assert.equal(chunk.subarray(-2).toString('latin1'), '\r\n');
        assert.equal(raw.buffer, chunk.buffer, 'one allocation holds both forms');
        const reader = new FlvReader();
        const head = Buffer.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0]);
        const tags = reader.push(Buffer.concat([head, raw]));
        assert.deepEqual(
          tags.map(({ typeId, timestamp, payload }) => ({ typeId, timestamp, payload })),
          messages.map(({ typeId, timestamp, payload }) => ({ typeId, timestamp, payload })),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('repeats the extended timestamp in each continuation chunk', () => {
    const payload = Buffer.alloc(CHUNK_SIZE * 2 + 1, 7);
    const bytes = encodeRtmpRun([{ typeId: 9, timestamp: 18_000_000, streamId: 1, payload }], CHUNK_SIZE);
    const time = Buffer.alloc(4);
    time.writeUInt32BE(18_000_000);
    assert.equal(bytes.length, 12 + 4 + 2 * (1 + 4) + payload.length);
    assert.deepEqual(bytes.subarray(12, 16), time);
    assert.deepEqual(bytes.subarray(16 + CHUNK_SIZE + 1, 16 + CHUNK_SIZE + 5), time);
  });
});
