import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlvPlaylist, type FlvTag } from '@dolphin/media';
import fc from 'fast-check';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const metadata = { typeId: 18, timestamp: 0, payload: bytes('020000') };
const avcHeader = { typeId: 9, timestamp: 0, payload: bytes('1700000000') };
const endOfSequence = { typeId: 9, timestamp: 95, payload: bytes('1702000000') };
const frame = (timestamp: number): FlvTag => ({ typeId: 9, timestamp, payload: bytes('2701000000') });
const sound = (timestamp: number): FlvTag => ({ typeId: 8, timestamp, payload: bytes('af0121') });
const file = [metadata, avcHeader, frame(0), sound(10), frame(40), frame(80), endOfSequence, sound(90)];

const times = (tags: readonly FlvTag[]) => tags.map((tag) => tag.timestamp);

describe('an FLV playlist', () => {
  it('gives each tag when it is due, and once', () => {
    const playlist = new FlvPlaylist(file, { loop: false });
    assert.deepEqual(times(playlist.due(0, 100)), [0, 0, 0]);
    assert.deepEqual(times(playlist.due(45, 100)), [10, 40]);
    assert.deepEqual(times(playlist.due(45, 100)), []);
  });

  it('ends with the file when it does not loop', () => {
    const playlist = new FlvPlaylist(file, { loop: false });
    assert.equal(playlist.due(10_000, 100).length, 7);
    assert.equal(playlist.ended, true);
    assert.deepEqual(playlist.due(20_000, 100), []);
  });

  it('goes on a frame later with the next round, without the headers and the end of sequence', () => {
    const playlist = new FlvPlaylist(file, { loop: true });
    const tags = playlist.due(250, 100);
    assert.deepEqual(times(tags), [0, 0, 0, 10, 40, 80, 90, 130, 140, 170, 210, 220]);
    assert.ok(tags.slice(2).every((tag) => tag.payload.length < 5 || tag.payload[1] === 1));
  });

  it('gives no more than the limit at once, and the rest next', () => {
    const playlist = new FlvPlaylist(file, { loop: true });
    assert.equal(playlist.due(10_000, 5).length, 5);
    assert.deepEqual(times(playlist.due(10_000, 3)), [80, 90, 130]);
  });

  it('begins at 0 wherever the file does, and ends when there is nothing to loop', () => {
    assert.deepEqual(times(new FlvPlaylist([frame(5000), frame(5040)], { loop: true }).due(40, 9)), [0, 40]);
    const empty = new FlvPlaylist([metadata], { loop: true });
    assert.equal(empty.due(100, 10).length, 1);
    assert.equal(empty.due(100, 10).length, 0);
    assert.equal(empty.ended, true);
  });

  it('never steps back in time, and gives nothing before it is due', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(200), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(300), { maxLength: 10 }),
        (at, steps) => {
          const playlist = new FlvPlaylist(at.map(frame), { loop: true });
          let now = 0;
          let last = 0;
          for (const step of steps) {
            now += step;
            for (const { timestamp } of playlist.due(now, 50)) {
              assert.ok(timestamp >= last && timestamp <= now);
              last = timestamp;
            }
          }
        },
      ),
    );
  });
});
