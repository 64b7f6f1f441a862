import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlabMemory } from '@dolphin/media';
import fc from 'fast-check';

describe('the memory of slabs', () => {
  it('is what was asked for and at most an eighth more, and nobody else has it', () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 3_000_000 }), gives: fc.nat({ max: 5 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new SlabMemory();
        const held: Buffer[] = [];
        for (const { bytes, gives } of steps) {
          const taken = memory.take(bytes);
          assert.ok(taken.length >= bytes && taken.length <= Math.max(1024, Math.ceil(bytes * 1.125)));
          assert.ok(held.every(({ buffer }) => buffer !== taken.buffer));
          held.push(taken);
          for (const given of held.splice(0, gives)) memory.give(given);
          assert.ok(memory.idleBytes <= 8 * 1024 * 1024);
        }
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
  });
});
