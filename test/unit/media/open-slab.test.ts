import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteAccount, type FrameKind, MessageType, StreamRing } from '@dolphin/media';

const KIB = 1024;
const MIB = 1024 * KIB;

function ringIn(total: ByteAccount) {
  const limits = { maxBytes: 48 * MIB, maxLagMs: 30_000, gopCache: true, gopCacheMaxFrames: 2500 };
  const ring = new StreamRing({ chunkSize: 60_000, ...limits, total });
  /** The bytes that the open slab's room takes, when all that is closed is gone. */
  const roomAfter = (bytes: number, kind: FrameKind = 'video') => {
    ring.append({ typeId: MessageType.video, timestamp: 0, streamId: 1, payload: Buffer.alloc(bytes, 0x27) }, kind);
    ring.close();
    ring.release(ring.next);
    return total.bytes;
  };
  return { ring, roomAfter };
}

describe('the open slab of a stream', () => {
  it('counts in the accounts with all its room, from its first message to the end of the stream', () => {
    const total = new ByteAccount(512 * MIB);
    const { ring, roomAfter } = ringIn(total);
    assert.equal(total.bytes, 0);
    assert.equal(roomAfter(100), 16 * KIB);
    ring.append({ typeId: MessageType.video, timestamp: 0, streamId: 1, payload: Buffer.alloc(20 * KIB) }, 'video');
    assert.equal(total.bytes, 32 * KIB);
    ring.clear();
    assert.equal(total.bytes, 0);
  });

  it('keeps the room that its slabs take, and not that of a burst', () => {
    const { roomAfter } = ringIn(new ByteAccount(512 * MIB));
    const kept = roomAfter(200 * KIB);
    assert.ok(kept >= 200 * KIB && kept <= 512 * KIB, `${kept}`);
    assert.equal(roomAfter(200 * KIB), kept);
    assert.equal(roomAfter(50 * KIB), 0, 'less than half of it');
    assert.equal(roomAfter(3 * MIB), 0, 'more than any slab of usual size');
  });

  it('keeps little where all streams together hold too much', () => {
    const total = new ByteAccount(MIB);
    const { roomAfter } = ringIn(total);
    assert.ok(roomAfter(200 * KIB) > 0);
    total.add(MIB);
    assert.equal(roomAfter(200 * KIB) - MIB, 0);
    assert.equal(roomAfter(10 * KIB) - MIB, 16 * KIB);
  });
});
