import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatheredReads, MAX_GATHERED_BYTES } from '@dolphin/edge/domain/gathered-reads.js';

describe('the reads of a pull', () => {
  it('go on while what is there already comes, and then rest from beat to beat', () => {
    const reads = new GatheredReads();
    assert.equal(reads.rests(64 * 1024, false), false, 'the cached GOP');
    assert.equal(reads.rests(2000, true), false);
    reads.beat();
    assert.equal(reads.rests(1000, true), false, 'the beat before brought too much');
    reads.beat();
    assert.equal(reads.rests(20_000, true), true);
    reads.beat();
    assert.equal(reads.rests(20_000, true), true);
  });

  it('do not rest in the middle of what is there', () => {
    const reads = new GatheredReads();
    reads.beat();
    assert.equal(reads.rests(1000, false), false);
    assert.equal(reads.rests(1000, true), true);
  });

  it('go on for a stream that has more in a beat than may wait in the kernel, until it has less', () => {
    const reads = new GatheredReads();
    for (let beat = 0; beat < 5; beat++) {
      reads.beat();
      const half = MAX_GATHERED_BYTES / 2 + 1;
      reads.rests(half, false);
      assert.equal(reads.rests(half, true), false);
      assert.equal(reads.rests(100, true), false);
    }
    reads.beat();
    assert.equal(reads.rests(100, true), false);
    reads.beat();
    assert.equal(reads.rests(100, true), true);
  });
});
