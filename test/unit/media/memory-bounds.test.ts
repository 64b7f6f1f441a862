import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  ByteAccount,
  ChunkReader,
  encodeFlvTag,
  encodeMessage,
  FAIR_PARTIAL_BYTES,
  FAIR_RING_BYTES,
  MAX_AGGREGATE_TAGS,
  MessageType,
  type RtmpMessage,
  StreamRing,
  splitAggregate,
} from '@dolphin/media';
import fc from 'fast-check';
import { command, RawClient } from './session-peers.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What is kept: after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

const video = (payload: Buffer, timestamp = 0): RtmpMessage => ({ typeId: 9, timestamp, streamId: 1, payload });

/** The first `bytes` of a message of `length`, on its own chunk stream. */
function begun(length: number, bytes: number, id = 4): Buffer {
  return encodeMessage(video(Buffer.alloc(length)), id, length).subarray(0, 12 + bytes);
}

const wideChunks = encodeMessage(
  { typeId: MessageType.setChunkSize, timestamp: 0, streamId: 0, payload: Buffer.from([0x7f, 0, 0, 0]) },
  2,
  128,
);

describe('chunks', () => {
  it('of messages without a byte give nothing, however many there are', () => {
    const reader = new ChunkReader();
    const empty = encodeMessage(video(Buffer.alloc(0)), 4, 128);
    // A continuation header alone is the same message again.
    assert.deepEqual(reader.push(Buffer.concat([empty, Buffer.alloc(60_000, 0xc4)])), []);
  });

  it('of unfinished messages are counted over all connections, and given back', () => {
    const total = new ByteAccount(MIB);
    const readers = Array.from({ length: 4 }, () => new ChunkReader({}, total));
    for (const reader of readers) reader.push(Buffer.concat([wideChunks, begun(3 * MIB, 200 * KIB)]));
    assert.equal(
      total.bytes,
      readers.reduce((sum, reader) => sum + reader.partialBytes, 0),
    );
    for (const reader of readers) reader.dispose();
    assert.equal(total.bytes, 0);
  });

  it('of small unfinished messages count for the pages that they keep, until they are whole', () => {
    const reader = new ChunkReader();
    const small = Array.from({ length: 32 }, (_, i) => encodeMessage(video(Buffer.alloc(130)), i + 4, 128));
    for (const message of small) {
      reader.push(message.subarray(0, -3));
      // The rest of its page goes to others.
      for (let i = 0; i < 10; i++) Buffer.allocUnsafe(1000);
    }
    assert.equal(reader.partialBytes, small.length * Buffer.poolSize);
    for (const message of small) assert.equal(reader.push(message.subarray(-3)).length, 1);
    assert.equal(reader.partialBytes, 0);
  });

  it('of large unfinished messages are refused while all connections together hold too much; small ones go on', () => {
    const total = new ByteAccount(MIB);
    const greedy = new ChunkReader({}, total);
    greedy.push(Buffer.concat([wideChunks, begun(4 * MIB, 400 * KIB)]));
    total.add(MIB);
    const large = new ChunkReader({}, total);
    assert.throws(() => large.push(Buffer.concat([wideChunks, begun(3 * MIB, FAIR_PARTIAL_BYTES + 1)])), {
      code: 'limit',
    });
    const small = new ChunkReader({}, total);
    const whole = encodeMessage(video(Buffer.alloc(100 * KIB)), 4, 100 * KIB);
    small.push(Buffer.concat([wideChunks, whole.subarray(0, 50 * KIB)]));
    assert.equal(small.push(whole.subarray(50 * KIB)).length, 1);
    assert.throws(() => greedy.push(Buffer.alloc(KIB)), { code: 'limit' }, 'who holds it goes first of all');
  });
});

describe('a server session', () => {
  const publish = command('publish', 0, null, 's');
  const large = encodeMessage(video(Buffer.alloc(MIB)), 4, 128);
  const bytesOf = (m: RtmpMessage) => encodeMessage(m, 3, 128);

  it('takes messages larger than a command from publishers only, also in the read that asks to publish', () => {
    assert.throws(() => new RawClient().connected().server.push(large), { code: 'limit' });
    const playing = new RawClient().connected();
    playing.send(command('play', 0, null, 's'));
    assert.throws(() => playing.server.push(large), { code: 'limit' });
    const events = new RawClient().connected().server.push(Buffer.concat([bytesOf(publish), large]));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['publish', 'media'],
    );
  });

  it('refuses a command of more values, and of longer names, than any client has', () => {
    const client = () => new RawClient();
    const connect = (more: object) => ['connect', 1, { tcUrl: 'rtmp://h/live', ...more }] as const;
    assert.throws(() => client().command(...connect({ list: Array(2000).fill(null) })), { code: 'limit' });
    for (const name of ['tcUrl', 'pageUrl', 'swfUrl', 'flashVer']) {
      assert.throws(() => client().command(...connect({ [name]: 'rtmp://h/'.padEnd(5000, 'x') })), { code: 'limit' });
    }
  });

  it('counts what it is asked: all but the media of a publisher, and a stream for more', () => {
    const client = new RawClient().connected();
    const workOf = (...messages: RtmpMessage[]) => {
      const before = client.server.askedWork;
      client.send(...messages);
      return client.server.askedWork - before;
    };
    const ping = {
      typeId: MessageType.userControl,
      timestamp: 0,
      streamId: 0,
      payload: Buffer.from([0, 6, 0, 0, 0, 1]),
    };
    assert.equal(workOf(ping, ping, command('createStream', 2, null)), 3);
    assert.equal(workOf(video(Buffer.alloc(5))), 1, 'media of nobody');
    assert.ok(workOf(publish) > 10);
    assert.equal(workOf(video(Buffer.alloc(5)), video(Buffer.alloc(5))), 0);
    assert.equal(workOf(ping), 1);
  });
});

describe('an aggregate', () => {
  const aggregate = (tag: Buffer, count: number) =>
    splitAggregate({ typeId: 22, timestamp: 0, streamId: 1, payload: Buffer.concat(Array(count).fill(tag)) });
  const tag = encodeFlvTag({ typeId: 8, timestamp: 0, payload: Buffer.from([0xaf]) });

  it('has a bounded number of tags, and its empty ones are none', () => {
    assert.equal(aggregate(tag, MAX_AGGREGATE_TAGS).length, MAX_AGGREGATE_TAGS);
    assert.throws(() => aggregate(tag, MAX_AGGREGATE_TAGS + 1), { code: 'limit' });
    assert.deepEqual(aggregate(encodeFlvTag({ typeId: 8, timestamp: 0, payload: Buffer.alloc(0) }), 9), []);
  });
});

describe('the ring of a stream', () => {
  const options = { chunkSize: 60_000, maxLagMs: 30_000, gopCache: true, gopCacheMaxFrames: 2500 };

  it('counts all that tiny messages and tiny slabs take', () => {
    const ring = new StreamRing({ ...options, maxBytes: MIB });
    const heapBefore = heapBytes();
    for (let i = 0; i < 100_000; i++) ring.append(video(Buffer.from([0x27])), 'video');
    assert.ok(ring.bytes >= 100_000 * 13 - MIB, `${ring.bytes}`);
    for (let i = 0; i < 20_000; i++) {
      ring.append(video(Buffer.from([0x27])), 'video');
      ring.close();
    }
    assert.ok(ring.bytes <= MIB + 256 * KIB + 2 * KIB, `${ring.bytes}`);
    assert.ok(heapBytes() - heapBefore < 4 * MIB, 'nothing is kept of a message but its bytes');
    assert.ok(ring.next > 20_000);
  });

  it('keeps no more than its fair part, of any message, while all rings together hold too much', () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 * MIB }), fc.boolean()), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, (frames) => {
        const total = new ByteAccount(MIB);
        total.add(2 * MIB);
        const ring = new StreamRing({ ...options, maxBytes: 16 * MIB, total });
        for (const [bytes, isKey] of frames) {
          ring.append(video(Buffer.allocUnsafe(bytes)), isKey ? 'key-frame' : 'video');
          ring.close();
          assert.ok(ring.bytes <= FAIR_RING_BYTES + 256 * KIB, `${ring.bytes}`);
        }
      }),
      { numRuns: 30 },
    );
  });
});
