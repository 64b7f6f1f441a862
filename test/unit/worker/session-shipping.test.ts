import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  countsAnew,
  cursorAfter,
  type EndedRead,
  lastInCommon,
  NOTHING_SHIPPED,
  nextSessions,
  readAfter,
} from '@dolphin/worker/domain/session-shipping.js';
import fc from 'fast-check';
import { endedSession } from './ended-session.js';

const LIMIT = 10;
const roomy = { maxBytes: 1e6, sizeOf: () => 100 };
const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
const at = (upTo: number, id: string | null = `a-${upTo}`) => ({ upTo, id });

/** What a pod that holds `numbers` answers to whoever asks at `upTo`. */
function readAt(upTo: number, o: { oldest: number; newest: number; bad?: readonly number[] }): EndedRead {
  const from = Math.max(readAfter(at(upTo)) + 1, o.oldest);
  const numbers = range(from, Math.min(o.newest, from + LIMIT - 1)).filter((n) => !o.bad?.includes(n));
  return { oldest: o.oldest, newest: o.newest, sessions: numbers.map((n) => endedSession(n)) };
}

const shown = (next: ReturnType<typeof nextSessions>) =>
  next && { after: next.after, upTo: next.upTo, sessions: next.sessions.map(({ n }) => n) };

describe('the next batch of ended sessions', () => {
  it('is none when nothing is new', () => {
    assert.equal(nextSessions(NOTHING_SHIPPED, { oldest: 1, newest: 0, sessions: [] }, LIMIT, roomy), null);
    assert.equal(nextSessions(at(3), readAt(3, { oldest: 1, newest: 3 }), LIMIT, roomy), null);
  });

  it('holds what came after the cursor, and begins where the one before ended', () => {
    const next = nextSessions(at(3), readAt(3, { oldest: 1, newest: 5 }), LIMIT, roomy);
    assert.deepEqual(shown(next), { after: 3, upTo: 5, sessions: [4, 5] });
    assert.deepEqual(next && cursorAfter(next), at(5));
  });

  it('covers what rolled over, and what nobody can read, so that it shows as lost', () => {
    const rolled = nextSessions(at(3), readAt(3, { oldest: 8, newest: 9 }), LIMIT, roomy);
    assert.deepEqual(shown(rolled), { after: 3, upTo: 9, sessions: [8, 9] });
    const damaged = nextSessions(at(3), readAt(3, { oldest: 1, newest: 6, bad: [5, 6] }), LIMIT, roomy);
    assert.deepEqual(shown(damaged), { after: 3, upTo: 6, sessions: [4] });
    assert.deepEqual(damaged && cursorAfter(damaged), at(6, null), 'there is no id at its end');
    const none = nextSessions(at(3), readAt(3, { oldest: 1, newest: 90, bad: range(4, 90) }), LIMIT, roomy);
    assert.deepEqual(shown(none), { after: 3, upTo: 12, sessions: [] });
  });

  it('passes over a session that fits into no batch', () => {
    const sizeOf = ({ n }: { n: number }) => (n === 5 ? 2_000 : 100);
    const next = nextSessions(at(3), readAt(3, { oldest: 1, newest: 6 }), LIMIT, { maxBytes: 1_000, sizeOf });
    assert.deepEqual(shown(next), { after: 3, upTo: 6, sessions: [4, 6] });
  });

  it('covers each number exactly once over any run of batches, with every session that can be read and no other', () => {
    const worlds = fc.record({
      newest: fc.integer({ min: 0, max: 80 }),
      oldest: fc.integer({ min: 1, max: 80 }),
      bad: fc.uniqueArray(fc.integer({ min: 1, max: 80 }), { maxLength: 40 }),
      start: fc.integer({ min: 0, max: 80 }),
      maxBytes: fc.integer({ min: 100, max: 900 }),
    });
    fc.assert(
      fc.property(worlds, ({ newest, bad, maxBytes, ...world }) => {
        const oldest = Math.min(world.oldest, newest + 1);
        const start = Math.min(world.start, newest);
        const shipped: number[] = [];
        let cursor = at(start, start === 0 ? null : `a-${start}`);
        for (;;) {
          const read = readAt(cursor.upTo, { oldest, newest, bad });
          assert.equal(countsAnew(cursor, read), false);
          const next = nextSessions(cursor, read, LIMIT, { maxBytes, sizeOf: () => 100 });
          if (next === null) break;
          assert.equal(next.after, cursor.upTo, 'it begins where the one before ended');
          assert.ok(next.upTo > next.after, 'it goes on');
          assert.ok(next.sessions.length * 100 <= maxBytes);
          for (const { n } of next.sessions) assert.ok(n > next.after && n <= next.upTo);
          shipped.push(...next.sessions.map(({ n }) => n));
          cursor = cursorAfter(next) as typeof cursor;
        }
        assert.equal(cursor.upTo, newest);
        const readable = range(Math.max(start + 1, oldest), newest).filter((n) => !bad.includes(n));
        assert.deepEqual(shipped, readable);
      }),
    );
  });
});

describe('a pod that counts anew', () => {
  it('is known by its last number, or by another session under the number of the cursor', () => {
    assert.equal(countsAnew(at(5), readAt(5, { oldest: 1, newest: 4 })), true);
    assert.equal(countsAnew(at(5, 'b-5'), readAt(5, { oldest: 1, newest: 9 })), true);
    assert.equal(countsAnew(at(5), readAt(5, { oldest: 1, newest: 9 })), false);
    assert.equal(countsAnew(NOTHING_SHIPPED, readAt(0, { oldest: 1, newest: 0 })), false);
  });

  it('is believed where the session at the cursor cannot be compared', () => {
    assert.equal(countsAnew(at(5, null), readAt(5, { oldest: 1, newest: 9 })), false);
    assert.equal(countsAnew(at(5, 'b-5'), readAt(5, { oldest: 7, newest: 9 })), false);
  });

  it('goes on after the last session that is shipped and held', () => {
    const shipped = range(1, 6).map((n) => endedSession(n));
    const held = range(1, 9).map((n) => endedSession(n, n > 4 ? { id: `b-${n}` } : {}));
    assert.deepEqual(lastInCommon(shipped, held), at(4));
    assert.equal(lastInCommon(shipped, held.slice(4)), null);
    assert.equal(lastInCommon([], held), null);
  });
});
