import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  GatheredReads,
  isGathered,
  MAX_GATHER_MS,
  MAX_GATHERED_BYTES,
  STILL_GATHERED_BYTES,
} from '@dolphin/edge/domain/gathered-reads.js';

describe('the reads of a source', () => {
  it('go on while what is there already comes, and then rest from beat to beat', () => {
    const reads = new GatheredReads();
    assert.equal(reads.after(64 * 1024, false), 'on', 'the cached GOP');
    assert.equal(reads.after(2000, true), 'on');
    reads.beat();
    assert.equal(reads.after(1000, true), 'on', 'the beat before brought too much');
    reads.beat();
    assert.equal(reads.after(20_000, true), 'rest');
    reads.beat();
    assert.equal(reads.after(20_000, true), 'rest');
  });

  it('do not rest in the middle of what is there', () => {
    const reads = new GatheredReads();
    reads.beat();
    assert.equal(reads.after(1000, false), 'on');
    assert.equal(reads.after(1000, true), 'rest');
  });

  it('rest on over a key frame and a late beat, but do not begin to with so much', () => {
    const reads = new GatheredReads();
    reads.beat();
    for (let beat = 0; beat < 5; beat++) {
      assert.equal(reads.after(STILL_GATHERED_BYTES, true), 'rest');
      reads.beat();
    }
    assert.equal(reads.after(STILL_GATHERED_BYTES + 1, true), 'out');
    for (let beat = 0; beat < 5; beat++) {
      reads.beat();
      assert.equal(reads.after(MAX_GATHERED_BYTES + 1, true), 'on');
    }
  });

  it('go on for a stream that has more in a beat than may wait in the kernel, until it has less', () => {
    const reads = new GatheredReads();
    for (let beat = 0; beat < 5; beat++) {
      reads.beat();
      const half = STILL_GATHERED_BYTES / 2 + 1;
      reads.after(half, false);
      assert.equal(reads.after(half, true), 'on');
      assert.equal(reads.after(100, true), 'on');
    }
    reads.beat();
    assert.equal(reads.after(100, true), 'on');
    reads.beat();
    assert.equal(reads.after(100, true), 'rest');
  });

  it('end with sending on what waited for a beat, also where it is too much for another one', () => {
    const reads = new GatheredReads();
    reads.beat();
    assert.equal(reads.after(1000, true), 'rest');
    reads.beat();
    assert.equal(reads.after(64 * 1024, false), 'on', 'a key frame, and more of it is there');
    assert.equal(reads.after(1000, true), 'out');
    assert.equal(reads.after(1000, true), 'on', 'this came just now');
  });

  it('go on until the next beat when its end is to show', () => {
    const reads = new GatheredReads();
    reads.beat();
    assert.equal(reads.after(1000, true), 'rest');
    reads.stayAwake();
    assert.equal(reads.after(1000, true), 'out');
    assert.equal(reads.after(1000, true), 'on');
    reads.beat();
    assert.equal(reads.after(1000, true), 'rest');
  });

  it('are gathered for no longer than a source may be gone unheard', () => {
    assert.deepEqual([0, 1, 350, MAX_GATHER_MS, MAX_GATHER_MS + 1, 10_000].filter(isGathered), [1, 350, MAX_GATHER_MS]);
  });
});
