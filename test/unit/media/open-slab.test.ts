import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteAccount, MessageType, SlabMemory, StreamRing } from '@dolphin/media';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A stream without a GOP cache; what it closes is given up at once. */
function openStream(o: { total: ByteAccount; memory?: SlabMemory }) {
  const ring = new StreamRing({
    ...{ chunkSize: 60_000, maxBytes: 48 * MIB, maxLagMs: 30_000, gopCache: false, gopCacheMaxFrames: 2500 },
    ...o,
  });
  const append = (bytes: number) =>
    ring.append({ typeId: MessageType.video, timestamp: 0, streamId: 1, payload: Buffer.alloc(bytes, 0x27) }, 'video');
  const close = () => {
    ring.close();
    ring.release(ring.next);
  };
  return { ring, append, close };
}

describe('the open slab of a stream', () => {
  it('counts in the accounts with all its room, from its first message until it is closed', () => {
    const total = new ByteAccount(512 * MIB);
    const { ring, append, close } = openStream({ total });
    append(100);
    assert.equal(total.bytes, 16 * KIB);
    append(20 * KIB);
    assert.equal(total.bytes, 32 * KIB);
    close();
    assert.equal(total.bytes, 0);
    append(100);
    ring.clear();
    assert.equal(total.bytes, 0);
  });

  it('opens with room for as much as the last one had', () => {
    const total = new ByteAccount(512 * MIB);
    const { append, close } = openStream({ total });
    for (let i = 0; i < 100; i++) append(KIB);
    close();
    append(100);
    assert.ok(total.bytes >= 100 * KIB && total.bytes < 128 * KIB, `${total.bytes}`);
    close();
    append(100);
    assert.equal(total.bytes, 16 * KIB);
  });

  it('opens with room for a slab of usual size behind one of megabytes', () => {
    const total = new ByteAccount(512 * MIB);
    const { append, close } = openStream({ total });
    append(3 * MIB);
    close();
    append(100);
    assert.equal(total.bytes, 256 * KIB);
  });

  it('has room at once for what is told to come, and is closed as it is if that comes', () => {
    const total = new ByteAccount(512 * MIB);
    const memory = new SlabMemory();
    const { ring, append } = openStream({ total, memory });
    ring.expect(100 * KIB);
    append(KIB);
    const room = total.bytes;
    assert.ok(room >= 100 * KIB && room < 128 * KIB, `${room}`);
    for (let i = 1; i < 95; i++) append(KIB);
    ring.close();
    assert.equal(memory.idleBytes, 0);
    assert.equal(ring.slabAt(0)?.rtmp.buffer.byteLength, room);
    ring.release(ring.next);
    assert.equal(memory.idleBytes, room);
  });

  it('is moved to less where little came of what was told', () => {
    const memory = new SlabMemory();
    const { ring, append } = openStream({ total: new ByteAccount(512 * MIB), memory });
    ring.expect(100 * KIB);
    append(50 * KIB);
    ring.close();
    const bytes = ring.slabAt(0)?.rtmp.buffer.byteLength ?? 0;
    assert.ok(bytes >= 50 * KIB && bytes < 64 * KIB, `${bytes}`);
    assert.ok(memory.idleBytes >= 100 * KIB);
  });

  it('has the room that was another stream’s just before', () => {
    const total = new ByteAccount(512 * MIB);
    const memory = new SlabMemory();
    const streams = Array.from({ length: 50 }, () => openStream({ total, memory }));
    for (const { append, close } of streams) {
      append(10 * KIB);
      close();
    }
    assert.ok(memory.idleBytes < 32 * KIB, `${memory.idleBytes}`);
  });
});
