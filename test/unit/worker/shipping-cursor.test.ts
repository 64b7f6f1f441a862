import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fact } from '@dolphin/protocol';
import {
  countsAnew,
  type HappeningsRead,
  nextBatch,
  type ReadHappening,
  recoveredCursor,
} from '@dolphin/worker/domain/shipping-cursor.js';
import fc from 'fast-check';

const podFact = (n: number) => ({ type: 'pod-started' as const, id: `f${n}`, pid: n, rtmp: [], http: [] });
const happening = (n: number): ReadHappening => ({ n, fact: podFact(n) });
const unreadable = (n: number): ReadHappening => ({ n, fact: null });
const own = (id: string): Fact => ({ type: 'command-refused', id, commandId: id, code: 'E_X', message: '' });
const roomy = { maxEntries: 500, maxBytes: 1_000_000 };

function batchOf(o: {
  upTo: number;
  read: HappeningsRead | null;
  own?: Fact[];
  limits?: { maxEntries: number; maxBytes: number };
}) {
  let ids = 0;
  const batch = nextBatch({ own: [], limits: roomy, ...o, newId: () => `new-${++ids}`, sizeOf: () => 100 });
  return batch && { upTo: batch.upTo, entries: batch.entries.map(name) };
}

function name(fact: Fact): string {
  return fact.type === 'happenings-lost' ? `lost ${fact.from}-${fact.to}` : fact.id;
}

const read = (oldest: number, newest: number, happenings: ReadHappening[]): HappeningsRead => ({
  oldest,
  newest,
  happenings,
});

describe('the next batch of facts', () => {
  it('is none when there is nothing to say', () => {
    assert.equal(batchOf({ upTo: 0, read: null }), null);
    assert.equal(batchOf({ upTo: 3, read: read(1, 3, []) }), null);
    assert.equal(batchOf({ upTo: 3, read: read(1, 3, [happening(2), happening(3)]) }), null);
  });

  it('holds the happenings after the cursor in order, then own facts', () => {
    assert.deepEqual(batchOf({ upTo: 1, read: read(1, 3, [1, 2, 3].map(happening)), own: [own('r')] }), {
      upTo: 3,
      entries: ['f2', 'f3', 'r'],
    });
  });

  it('says own facts also while the pod is away, and leaves the cursor where it is', () => {
    assert.deepEqual(batchOf({ upTo: 7, read: null, own: [own('r')] }), { upTo: 7, entries: ['r'] });
  });

  it('says one happenings-lost for what the pod no longer holds', () => {
    assert.deepEqual(batchOf({ upTo: 2, read: read(6, 7, [6, 7].map(happening)) }), {
      upTo: 7,
      entries: ['lost 3-5', 'f6', 'f7'],
    });
  });

  it('counts what cannot be read as lost, neighbours together', () => {
    const happenings = [happening(1), unreadable(2), unreadable(3), happening(5)];
    assert.deepEqual(batchOf({ upTo: 0, read: read(1, 5, happenings) }), {
      upTo: 5,
      entries: ['f1', 'lost 2-4', 'f5'],
    });
  });

  it('ends at its limits, and takes one entry at least', () => {
    const page = read(1, 3, [1, 2, 3].map(happening));
    assert.deepEqual(batchOf({ upTo: 0, read: page, limits: { maxEntries: 2, maxBytes: 1e6 } })?.upTo, 2);
    assert.deepEqual(batchOf({ upTo: 0, read: page, limits: { maxEntries: 9, maxBytes: 250 } })?.upTo, 2);
    assert.deepEqual(batchOf({ upTo: 0, read: page, limits: { maxEntries: 9, maxBytes: 1 } })?.upTo, 1);
  });

  it('covers every number above the cursor exactly once over any run of batches, pages and losses', () => {
    const worlds = fc.record({
      newest: fc.integer({ min: 0, max: 60 }),
      lostBelow: fc.integer({ min: 1, max: 60 }),
      bad: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 10 }),
      start: fc.integer({ min: 0, max: 60 }),
      page: fc.integer({ min: 1, max: 20 }),
      maxEntries: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(worlds, (world) => {
        const start = Math.min(world.start, world.newest);
        const oldest = Math.min(world.lostBelow, world.newest + 1);
        const all: ReadHappening[] = [];
        for (let n = oldest; n <= world.newest; n++) all.push(world.bad.includes(n) ? unreadable(n) : happening(n));
        const told: number[] = [];
        let upTo = start;
        for (let round = 0; round < 500; round++) {
          const happenings = all.filter(({ n }) => n > upTo).slice(0, world.page);
          const batch = nextBatch({
            upTo,
            read: { oldest, newest: world.newest, happenings },
            own: [],
            limits: { maxEntries: world.maxEntries, maxBytes: 1e6 },
            newId: () => 'id',
            sizeOf: () => 1,
          });
          if (batch === null) break;
          for (const fact of batch.entries) {
            if (fact.type === 'happenings-lost') for (let n = fact.from; n <= fact.to; n++) told.push(n);
            else told.push(Number(fact.id.slice(1)));
          }
          assert.equal(told.at(-1), batch.upTo, 'the envelope says how far it reaches');
          upTo = batch.upTo;
        }
        // Losses at the very end show with the next happening that can be read.
        const last = all.at(-1)?.n ?? start;
        const expected = Array.from({ length: Math.max(0, last - start) }, (_, index) => start + 1 + index);
        assert.deepEqual(told, expected);
      }),
    );
  });
});

describe('a pod that counts anew', () => {
  it('is known by numbers below what the log covers', () => {
    assert.equal(countsAnew(5, read(1, 4, [])), true);
    assert.equal(countsAnew(5, read(1, 5, [])), false);
    assert.equal(countsAnew(0, read(1, 0, [])), false);
  });

  it('goes on after the last of its happenings that the log holds', () => {
    assert.equal(recoveredCursor([1, 2, 3].map(happening), new Set(['f1', 'f2', 'other'])), 2);
    assert.equal(recoveredCursor([1, 2, 3].map(happening), new Set(['other'])), 0);
  });
});
