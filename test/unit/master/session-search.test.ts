import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoredBatch } from '@dolphin/eventlog';
import { MAX_SEARCHES } from '@dolphin/master/app/bounds.js';
import { type EndedQuery, SessionSearch } from '@dolphin/master/app/session-search.js';
import { addressFilter } from '@dolphin/master/http/address-filter.js';
import { DolphinError } from '@dolphin/protocol';
import { endedSession } from '../worker/ended-session.js';

const FARM_ID = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001';
const NOON = Date.parse('2026-11-21T12:00:00Z');

/** A message a minute, the last one stored at noon, each with one session that ended a second before. */
const stored = (sequence: number, of: number): StoredBatch => {
  const at = NOON - (of - sequence) * 60_000;
  const endedAt = new Date(at - 1_000).toISOString();
  const sessions = [endedSession(sequence, { endedAt })];
  const numbers = { after: sequence - 1, upTo: sequence, countsAnew: false };
  const batch = { v: 1 as const, farmId: FARM_ID, host: 'h1', ...numbers, sessions };
  return { sequence, at: new Date(at).toISOString(), batch };
};

/** A stream of so many messages; reading one takes `readMs`. */
function world(o: { messages: number; readMs?: number; gate?: Promise<void> }) {
  let now = 0;
  let turns = 0;
  const read: number[] = [];
  const history = {
    async *readBack({ before = o.messages + 1 }: { before?: number }) {
      await o.gate;
      for (let sequence = before - 1; sequence >= 1; sequence--) {
        now += o.readMs ?? 0;
        read.push(sequence);
        yield stored(sequence, o.messages);
      }
    },
  };
  const clock = {
    monotonic: () => now,
    sleep: () => {
      turns++;
      return Promise.resolve();
    },
  };
  const search = new SessionSearch({ history, farmId: () => FARM_ID, clock });
  const ask = (query: Partial<EndedQuery> = {}) => search.ended({ filter: {}, limit: 1_000, ...query });
  return { ask, read, turns: () => turns };
}

describe('a search for ended sessions', () => {
  it('reads no further than it has to', async () => {
    const { ask, read } = world({ messages: 100 });
    const { sessions, next } = await ask({ limit: 3 });
    assert.deepEqual([sessions.map(({ n }) => n), next, read.length], [[100, 99, 98], 98, 3]);
    const { sessions: older } = await ask({ limit: 2, before: 98 });
    assert.deepEqual(
      older.map(({ n }) => n),
      [97, 96],
    );
  });

  it('goes back to the time that is asked for, and a minute more for clocks that differ', async () => {
    const { ask, read } = world({ messages: 100 });
    const { sessions, next } = await ask({ filter: { sinceMs: NOON - 10 * 60_000 } });
    assert.deepEqual([sessions.length, next], [10, null]);
    assert.equal(read.length, 13);
  });

  it('says after a second where to go on, and lets others have their turn meanwhile', async () => {
    const { ask, turns } = world({ messages: 1_000, readMs: 3 });
    const { sessions, next } = await ask({ filter: { end: 'kicked' } });
    assert.deepEqual([sessions, next], [[], 1_000 - 333]);
    assert.ok(turns() >= 333 / 2 - 1, `${turns()} turns`);
  });

  it('is refused while as many as may be are under way', async () => {
    const gates: (() => void)[] = [];
    const gate = new Promise<void>((open) => gates.push(open));
    const { ask } = world({ messages: 1, gate });
    const first = Array.from({ length: MAX_SEARCHES }, () => ask());
    const code = await ask().catch((error: unknown) => error instanceof DolphinError && error.code);
    assert.equal(code, 'E_LIMITED');
    for (const open of gates) open();
    await Promise.all(first);
    assert.equal((await ask()).sessions.length, 1, 'then there is room again');
  });
});

describe('an address to search for', () => {
  it('is one, or a prefix, of its own family', () => {
    const means = (text: string, address: string) => addressFilter(text)?.(address);
    assert.equal(means('192.0.2.1', '192.0.2.1'), true);
    assert.equal(means('192.0.2.1', '192.0.2.2'), false);
    assert.equal(means('192.0.2.0/24', '192.0.2.200'), true);
    assert.equal(means('0.0.0.0/0', '2001:db8::1'), false);
    assert.equal(means('2001:DB8::/32', '2001:db8::1'), true);
    assert.equal(means('::1', '0:0:0:0:0:0:0:1'), true);
    for (const text of ['', 'h1', '192.0.2.1/33', '192.0.2.1/', '2001:db8::/129', '1.2.3/8']) {
      assert.equal(addressFilter(text), null, text);
    }
  });
});
