import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkReader, ChunkWriter, encodeMessage, MediaError, MessageType, type RtmpMessage } from '@dolphin/media';
import fc from 'fast-check';
import { chunkStreamId, cut, message, places, refuses } from './media-arbitraries.js';

const chunkSize = fc.constantFrom(1, 2, 127, 128, 129, 60_000);

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

const announce = (bytes: number) => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return encodeMessage({ typeId: MessageType.setChunkSize, timestamp: 0, streamId: 0, payload }, 2, 128);
};

const readAll = (pieces: readonly Buffer[], reader = new ChunkReader()) =>
  pieces.flatMap((piece) => reader.push(piece));

/** Payloads may be views into the pushed pieces: what is compared is a copy. */
const own = (messages: readonly RtmpMessage[]) => messages.map((m) => ({ ...m, payload: Buffer.from(m.payload) }));

describe('chunks', () => {
  it('give the messages back that were encoded, at any chunk size, cut anywhere', () => {
    const sent = fc.array(fc.tuple(message(), chunkStreamId), { maxLength: 8 });
    fc.assert(
      fc.property(sent, chunkSize, places, (messages, size, at) => {
        const bytes = Buffer.concat([announce(size), ...messages.map(([m, id]) => encodeMessage(m, id, size))]);
        assert.deepEqual(
          own(readAll(cut(bytes, at))),
          messages.map(([m]) => m),
        );
      }),
    );
  });

  it('give the messages back that a writer compressed against each other, cut anywhere', () => {
    const sent = fc.array(fc.tuple(message(), fc.constantFrom(3, 4, 64)), { maxLength: 12 });
    fc.assert(
      fc.property(sent, chunkSize, places, (messages, size, at) => {
        const writer = new ChunkWriter();
        const bytes = Buffer.concat([writer.setChunkSize(size), ...messages.map(([m, id]) => writer.write(m, id))]);
        assert.deepEqual(
          own(readAll(cut(bytes, at))),
          messages.map(([m]) => m),
        );
      }),
    );
  });

  it('may be read from one byte at a time', () => {
    const m = { typeId: 9, timestamp: 0x1000000, streamId: 1, payload: Buffer.alloc(500, 7) };
    const bytes = encodeMessage(m, 6, 128);
    assert.deepEqual(own(readAll([...bytes].map((byte) => Buffer.from([byte])))), [m]);
  });

  it('of several chunk streams may be interleaved', () => {
    const a = { typeId: 8, timestamp: 5, streamId: 1, payload: Buffer.alloc(300, 1) };
    const b = { typeId: 9, timestamp: 6, streamId: 1, payload: Buffer.alloc(300, 2) };
    const [ca, cb] = [encodeMessage(a, 4, 128), encodeMessage(b, 6, 128)];
    // Chunks of a message: 12 + 128, 1 + 128, 1 + 44 bytes.
    const [first, second] = [140, 269];
    const bytes = [ca.subarray(0, first), cb.subarray(0, second), ca.subarray(first), cb.subarray(second)];
    assert.deepEqual(own(readAll([Buffer.concat(bytes)])), [a, b]);
  });

  it('that start a message with fmt 3 repeat the header and add its time once more (FMLE)', () => {
    const bytes = hex('04 00001a 000002 08 01000000 aabb  c4 ccdd');
    assert.deepEqual(
      readAll([bytes]).map((m) => [m.timestamp, m.payload.toString('hex')]),
      [
        [26, 'aabb'],
        [52, 'ccdd'],
      ],
    );
  });

  it('may open a chunk stream with fmt 1 (librtmp pings so), but not with fmt 2 or 3', () => {
    assert.equal(readAll([hex('42 000000 000006 04 0006 00000d0f')])[0]?.typeId, MessageType.userControl);
    assert.throws(() => readAll([hex('82 000000 00')]), { name: 'MediaError', code: 'chunk' });
    assert.throws(() => readAll([hex('c2 00')]), { name: 'MediaError', code: 'chunk' });
  });

  it('may leave the extended timestamp out of their continuations, as ffmpeg once did', () => {
    const payload = Buffer.alloc(300, 9);
    const head = hex('06 ffffff 00012c 09 01000000 01020304');
    const without = [
      head,
      payload.subarray(0, 128),
      hex('c6'),
      payload.subarray(128, 256),
      hex('c6'),
      payload.subarray(256),
    ];
    const bytes = Buffer.concat([...without, encodeMessage({ typeId: 9, timestamp: 7, streamId: 1, payload }, 6, 128)]);
    for (const at of [1, 13, 144, 145, 146, 148, 280]) {
      const messages = own(readAll(cut(bytes, [at])));
      assert.deepEqual(
        messages.map((m) => [m.timestamp, m.payload.equals(payload)]),
        [
          [0x01020304, true],
          [7, true],
        ],
      );
    }
  });

  it('carry a delta beyond 24 bits in the extended timestamp of fmt 1', () => {
    const bytes = hex('04 000005 000001 08 01000000 aa  44 ffffff 000001 08 01000000 bb');
    assert.deepEqual(
      readAll([bytes]).map((m) => m.timestamp),
      [5, 0x01000005],
    );
  });

  it('keep times over the wrap of 32 bits', () => {
    const writer = new ChunkWriter();
    const times = [0xfffffff0, 0xffffffff, 0, 0x10];
    const bytes = times.map((timestamp) =>
      writer.write({ typeId: 8, timestamp, streamId: 1, payload: Buffer.alloc(200) }, 4),
    );
    assert.deepEqual(
      readAll(bytes).map((m) => m.timestamp),
      times,
    );
  });

  it('of an aborted message are forgotten', () => {
    const reader = new ChunkReader();
    const m = { typeId: 8, timestamp: 5, streamId: 1, payload: Buffer.alloc(200, 1) };
    const abort = { typeId: MessageType.abort, timestamp: 0, streamId: 0, payload: hex('00000004') };
    const pieces = [encodeMessage(m, 4, 128).subarray(0, 140), encodeMessage(abort, 2, 128), encodeMessage(m, 4, 128)];
    assert.deepEqual(own(readAll(pieces, reader)), [m]);
  });

  it('that begin a message within another are refused', () => {
    const start = encodeMessage({ typeId: 8, timestamp: 0, streamId: 1, payload: Buffer.alloc(200) }, 4, 128);
    const bytes = Buffer.concat([start.subarray(0, 140), start]);
    assert.throws(() => readAll([bytes]), { code: 'chunk' });
  });

  it('of a message above the limit are refused at its header', () => {
    const reader = new ChunkReader({ maxMessageBytes: 1000 });
    assert.throws(() => reader.push(hex('04 000000 0003e9 08 01000000')), { code: 'limit' });
  });

  it('of too many chunk streams are refused', () => {
    const reader = new ChunkReader({ maxChunkStreams: 4 });
    const m = { typeId: 8, timestamp: 0, streamId: 1, payload: Buffer.alloc(1) };
    for (const id of [3, 4, 5, 6, 3]) reader.push(encodeMessage(m, id, 128));
    assert.throws(() => reader.push(encodeMessage(m, 7, 128)), { code: 'limit' });
  });

  it('take memory for what has arrived, not for what was announced', () => {
    const reader = new ChunkReader({ maxPartialBytes: 1024 * 1024 });
    const before = process.memoryUsage().arrayBuffers;
    // 20 messages of 4 MiB are begun, with a byte each.
    for (let id = 3; id < 23; id++) {
      const head = Buffer.concat([Buffer.from([id]), hex('000000 3fffff 09 01000000 00')]);
      if (refuses(() => reader.push(head))) break;
      if (id === 4)
        assert.equal(
          refuses(() => new ChunkReader().push(head)),
          false,
        );
      // The rest of the chunk, so that the next one may begin.
      if (refuses(() => reader.push(Buffer.alloc(127)))) break;
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 4 * 1024 * 1024);
  });

  it('of unfinished messages are refused above their limit together', () => {
    const reader = new ChunkReader({ maxPartialBytes: 300_000, maxMessageBytes: 1024 * 1024 });
    reader.push(announce(100_000));
    const m = { typeId: 9, timestamp: 0, streamId: 1, payload: Buffer.alloc(500_000) };
    const part = (id: number) => encodeMessage(m, id, 100_000).subarray(0, 12 + 100_000);
    reader.push(part(4));
    assert.throws(
      () => {
        for (const id of [5, 6, 7]) reader.push(part(id));
      },
      { code: 'limit' },
    );
  });

  it('of random bytes give messages or a MediaError, nothing else', () => {
    const bytes = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
    fc.assert(
      fc.property(bytes, (pieces) => {
        const reader = new ChunkReader();
        refuses(() => {
          for (const piece of pieces) reader.push(Buffer.from(piece));
        });
      }),
      { numRuns: 300 },
    );
  });

  it('with one byte changed give messages or a MediaError, nothing else', () => {
    const sent = fc.array(fc.tuple(message(), fc.constantFrom(2, 3, 4)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sent, fc.nat(), fc.nat(255), (messages, place, byte) => {
        const bytes = Buffer.concat(messages.map(([m, id]) => encodeMessage(m, id, 128)));
        bytes[place % bytes.length] = byte;
        refuses(() => new ChunkReader().push(bytes));
      }),
    );
  });
});

describe('encodeMessage', () => {
  it('begins with fmt 0, goes on with fmt 3, and repeats the extended timestamp', () => {
    const m = { typeId: 9, timestamp: 0x01000000, streamId: 1, payload: Buffer.alloc(130, 5) };
    const bytes = encodeMessage(m, 6, 128);
    assert.equal(bytes.subarray(0, 16).toString('hex'), '06ffffff000082090100000001000000');
    assert.equal(bytes.subarray(16 + 128).toString('hex'), 'c6010000000505');
  });

  it('writes an empty message as one header', () => {
    const m = { typeId: 8, timestamp: 1, streamId: 1, payload: Buffer.alloc(0) };
    assert.equal(encodeMessage(m, 4, 128).length, 12);
  });

  it('refuses what does not fit the length field', () => {
    const m = { typeId: 8, timestamp: 1, streamId: 1, payload: Buffer.alloc(0x1000000) };
    assert.throws(() => encodeMessage(m, 4, 128), MediaError);
  });
});
