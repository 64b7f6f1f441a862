import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlabMemory } from '@dolphin/media';
import fc from 'fast-check';

/** After so long, what was not needed meanwhile is given up. */
const UNNEEDED_MS = 15_000;

describe('the memory of slabs', () => {
  it('is what was asked for and at most five eighths more, and nobody else has it', () => {
    const step = fc.record({
      bytes: fc.integer({ min: 1, max: 3_000_000 }),
      gives: fc.nat({ max: 5 }),
      passMs: fc.nat({ max: 10_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new SlabMemory();
        const held: Buffer[] = [];
        let nowMs = 0;
        let givenBytes = 0;
        for (const { bytes, gives, passMs } of steps) {
          const taken = memory.take(bytes);
          assert.ok(taken.length >= bytes && taken.length <= Math.max(1536, Math.ceil(bytes * 1.625)));
          assert.ok(held.every(({ buffer }) => buffer !== taken.buffer));
          held.push(taken);
          for (const given of held.splice(0, gives)) {
            memory.give(given);
            givenBytes += given.length;
          }
          assert.ok(memory.idleBytes >= 0 && memory.idleBytes <= givenBytes);
          nowMs += passMs;
          memory.watch(nowMs);
        }
        for (const beats of [1, 2]) memory.watch(nowMs + beats * UNNEEDED_MS);
        assert.equal(memory.idleBytes, 0);
      }),
      { numRuns: 100 },
    );
  });

  it('is used again by one of about the same size', () => {
    const memory = new SlabMemory();
    const first = memory.take(20_000);
    memory.give(first);
    assert.equal(memory.idleBytes, first.length);
    assert.equal(memory.take(19_999), first);
    assert.equal(memory.idleBytes, 0);
    memory.give(first);
    assert.equal(memory.take(17_000), first);
  });

  it('is kept for as many as were in use at once, also where all are given back together', () => {
    const memory = new SlabMemory();
    const gop = Array.from({ length: 1000 }, () => memory.take(22_000));
    for (const each of gop) memory.give(each);
    const known = new Set(gop);
    for (let i = 0; i < 1000; i++) assert.ok(known.delete(memory.take(21_500)), 'new memory');
  });

  it('is given up when it was not needed for a while, and kept as far as it was', () => {
    const memory = new SlabMemory();
    const gop = Array.from({ length: 1000 }, () => memory.take(22_000));
    const size = gop[0]?.length ?? 0;
    for (const each of gop) memory.give(each);
    memory.watch(UNNEEDED_MS);
    assert.equal(memory.idleBytes, 1000 * size, 'all of it was in use');
    for (const each of Array.from({ length: 300 }, () => memory.take(22_000))) memory.give(each);
    memory.watch(2 * UNNEEDED_MS - 1);
    assert.equal(memory.idleBytes, 1000 * size);
    memory.watch(2 * UNNEEDED_MS);
    assert.equal(memory.idleBytes, 300 * size);
    memory.watch(3 * UNNEEDED_MS);
    assert.equal(memory.idleBytes, 0);
  });

  it('is not kept beyond a bound, whatever was in use', () => {
    const memory = new SlabMemory();
    const all = Array.from({ length: 300 }, () => memory.take(1_000_000));
    for (const each of all) memory.give(each);
    assert.ok(memory.idleBytes > 100 * 1024 * 1024 && memory.idleBytes <= 128 * 1024 * 1024);
  });
});
