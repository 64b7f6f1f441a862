import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { type FollowItem, type LogItem, type LogStore, Projection, project } from '@dolphin/eventlog';
import { type LogEnvelope, subjectsOf } from '@dolphin/protocol';
import { DEADLINE_MS, eventually } from '../support/eventually.js';

/** A store under test, with a hand on what is behind it. */
export interface StoreUnderTest {
  store: LogStore;
  farm: string;
  /** Stores bytes that are no envelope, as a writer of another version. */
  appendRaw(subject: string, data: Uint8Array): Promise<void>;
  /** Stores a message without an id, as the server's own answers have none. */
  stray(subject: string): Promise<void>;
  /** The stream goes, and another one takes its place. */
  recreate(): Promise<void>;
}

const farmId = randomUUID();

/** A valid envelope that is told apart by `who`. */
export function operatorEnvelope(farm: string, who: string): LogEnvelope {
  return {
    kind: 'operator',
    v: 1,
    farmId,
    at: new Date(Date.UTC(2026, 0, 1)).toISOString(),
    master: 'm1',
    entries: [{ type: 'farm-created', id: randomUUID(), farm, farmId, who }],
  };
}

export function whoOf(item: LogItem | FollowItem): string {
  if (item.type !== 'stored') return item.type;
  const [entry] = item.envelope.entries;
  return entry?.type === 'farm-created' ? entry.who : '?';
}

async function collect(items: AsyncIterable<LogItem>): Promise<LogItem[]> {
  const all: LogItem[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What every LogStore must do; run on the memory store and on a real server. */
export function logStoreContract(name: string, open: (t: TestContext) => Promise<StoreUnderTest>): void {
  const setUp = async (t: TestContext) => {
    const under = await open(t);
    const subjects = subjectsOf(under.farm);
    const append = (subject: string, who: string, expectedLast: number, messageId: string = randomUUID()) =>
      under.store.append(subject, operatorEnvelope(under.farm, who), { expectedLast, messageId });
    const appended = async (subject: string, who: string, expectedLast: number) => {
      const outcome = await append(subject, who, expectedLast);
      assert.equal(outcome.outcome, 'appended');
      return outcome.outcome === 'appended' ? outcome.sequence : 0;
    };
    return { ...under, subjects, append, appended };
  };

  describe(`${name} keeps the log's contract`, () => {
    it('reads one subject alone, in order, from a place and up to a limit', async (t) => {
      const { store, subjects, appended } = await setUp(t);
      const on = subjects.logHost('h1');
      const first = await appended(on, 'a', 0);
      await appended(subjects.logDecisions, 'x', 0);
      const second = await appended(on, 'b', first);
      await appended(on, 'c', second);
      const read = async (o: { after: number; limit?: number; until?: number }) =>
        (await collect(store.read({ ...o, subject: on }))).map(whoOf);
      assert.deepEqual(await read({ after: 0 }), ['a', 'b', 'c']);
      assert.deepEqual(await read({ after: first, limit: 1 }), ['b']);
      assert.deepEqual(await read({ after: 0, until: second }), ['a', 'b']);
    });

    it('gives appended messages the sequences of one stream, whatever their subject', async (t) => {
      const { store, subjects, appended } = await setUp(t);
      const a = await appended(subjects.logOperator, 'a', 0);
      const b = await appended(subjects.logHost('h1'), 'b', 0);
      const c = await appended(subjects.logOperator, 'c', a);
      assert.ok(a > 0 && b > a && c > b);
      const info = await store.info();
      assert.equal(info?.lastSequence, c);
    });

    it('refuses an append whose expected sequence is not the last of its subject', async (t) => {
      const { subjects, append, appended } = await setUp(t);
      const a = await appended(subjects.logOperator, 'a', 0);
      await appended(subjects.logHost('h1'), 'other subject', 0);
      assert.deepEqual(await append(subjects.logOperator, 'b', 0), { outcome: 'conflict', lastSequence: a });
      assert.deepEqual(await append(subjects.logOperator, 'b', a + 1), { outcome: 'conflict', lastSequence: a });
      assert.deepEqual(await append(subjects.logDecisions, 'b', a), { outcome: 'conflict', lastSequence: 0 });
    });

    it('lets exactly one of many concurrent appends through', async (t) => {
      const { store, subjects, append } = await setUp(t);
      const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((who) => append(subjects.logOperator, who, 0)));
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'appended').length, 1);
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'conflict').length, 3);
      assert.equal((await collect(store.read({ after: 0 }))).length, 1);
    });

    it('answers an append that is sent again with the place of the first', async (t) => {
      const { store, subjects, append } = await setUp(t);
      const first = await append(subjects.logOperator, 'a', 0, 'id-1');
      assert.deepEqual(await append(subjects.logOperator, 'a', 0, 'id-1'), first);
      assert.equal((await collect(store.read({ after: 0 }))).length, 1);
    });

    it('finds an append that was sent again after others wrote behind it', async (t) => {
      const { subjects, append } = await setUp(t);
      const first = await append(subjects.logOperator, 'a', 0, 'id-1');
      assert.ok(first.outcome === 'appended');
      await append(subjects.logOperator, 'b', first.sequence, 'id-2');
      assert.deepEqual(await append(subjects.logOperator, 'a', 0, 'id-1'), first);
    });

    it('refuses to append what is no envelope or too large', async (t) => {
      const { store, farm, subjects } = await setUp(t);
      const guard = { expectedLast: 0, messageId: 'x' };
      const envelope = operatorEnvelope(farm, 'a');
      const wrong = { ...envelope, farmId: 'not a uuid' };
      await assert.rejects(store.append(subjects.logOperator, wrong, guard), { code: 'E_INTERNAL' });
      const facts = Array.from({ length: 1024 }, (_, n) => ({
        type: 'command-refused' as const,
        id: String(n),
        commandId: 'c',
        code: 'E_TERM_STALE',
        message: 'x'.repeat(1000),
      }));
      const { v, at } = envelope;
      const large: LogEnvelope = { kind: 'facts', v, at, farmId, host: 'h1', epoch: 1, upTo: 0, entries: facts };
      await assert.rejects(store.append(subjects.logHost('h1'), large, guard), { code: 'E_TOO_LARGE' });
      assert.equal((await store.info())?.lastSequence, 0);
    });

    it('knows the last message of a subject', async (t) => {
      const { store, subjects, appended } = await setUp(t);
      assert.deepEqual(await store.tailOn(subjects.logOperator), { guard: 0, newest: null });
      const a = await appended(subjects.logOperator, 'a', 0);
      const b = await appended(subjects.logOperator, 'b', a);
      await appended(subjects.logDecisions, 'c', 0);
      const { guard, newest: last } = await store.tailOn(subjects.logOperator);
      assert.deepEqual([guard, last?.sequence], [b, b]);
      assert.equal(last?.subject, subjects.logOperator);
      assert.match(last?.at ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    });

    it('reads from a place up to the end, a limit or a sequence', async (t) => {
      const { store, subjects, appended } = await setUp(t);
      assert.deepEqual(await collect(store.read({ after: 0 })), []);
      const sequences: number[] = [];
      for (const who of 'abcde') sequences.push(await appended(subjects.logOperator, who, sequences.at(-1) ?? 0));
      const [, b = 0, c = 0, , e = 0] = sequences;
      const read = async (options: { after: number; limit?: number; until?: number }) =>
        (await collect(store.read(options))).map(whoOf).join('');
      assert.equal(await read({ after: 0 }), 'abcde');
      assert.equal(await read({ after: b }), 'cde');
      assert.equal(await read({ after: b, limit: 2 }), 'cd');
      assert.equal(await read({ after: 0, until: c }), 'abc');
      assert.equal(await read({ after: c, until: c }), '');
      assert.equal(await read({ after: e }), '');
      assert.equal(await read({ after: e + 100 }), '');
    });

    it('yields what it cannot decode as values, in place', async (t) => {
      const { store, subjects, appended, appendRaw } = await setUp(t);
      const a = await appended(subjects.logOperator, 'a', 0);
      await appendRaw(subjects.logDecisions, new TextEncoder().encode('{"kind":"of a later version"}'));
      await appendRaw(subjects.logDecisions, Uint8Array.of(0xff, 0xfe, 0x00));
      await appended(subjects.logOperator, 'b', a);
      const items = await collect(store.read({ after: 0 }));
      assert.deepEqual(items.map(whoOf), ['a', 'undecodable', 'undecodable', 'b']);
      await assert.rejects(store.tailOn(subjects.logDecisions), { code: 'E_LOG_UNREADABLE' });
    });

    it('passes over what nobody appended, which the guard alone counts', async (t) => {
      const { store, subjects, append, appended, stray } = await setUp(t);
      const on = subjects.logHost('h1');
      await stray(on);
      assert.deepEqual(await store.tailOn(on), { guard: 1, newest: null });
      const a = await appended(on, 'a', 1);
      for (let i = 0; i < 100; i++) await stray(i % 2 === 0 ? on : subjects.logDecisions);
      const { guard, newest } = await store.tailOn(on);
      assert.deepEqual([guard, newest?.sequence], [a + 99, a]);
      assert.deepEqual(await append(on, 'b', a), { outcome: 'conflict', lastSequence: guard });
      await appended(on, 'b', guard);
      const items = (await collect(store.read({ after: 0, subject: on }))).map(whoOf);
      assert.deepEqual(
        items.filter((what) => what !== 'stray'),
        ['a', 'b'],
      );
      assert.equal(items.length, 53);
    });

    it('follows: what is there, then what comes', async (t) => {
      const { store, subjects, appended } = await setUp(t);
      const a = await appended(subjects.logOperator, 'a', 0);
      const abort = new AbortController();
      t.after(() => abort.abort());
      const seen: string[] = [];
      const following = (async () => {
        for await (const item of store.follow({ after: 0, signal: abort.signal })) seen.push(whoOf(item));
      })();
      await eventually(() => seen.length === 1, { what: 'the first is seen' });
      const b = await appended(subjects.logOperator, 'b', a);
      await appended(subjects.logOperator, 'c', b);
      await eventually(() => seen.length === 3, { what: 'the others are seen' });
      abort.abort();
      await following;
      assert.deepEqual(seen, ['a', 'b', 'c']);
    });

    it('tells a follower when the stream was created again, at once and at a checkpoint', async (t) => {
      const { store, subjects, appended, recreate } = await setUp(t);
      const a = await appended(subjects.logOperator, 'a', 0);
      const b = await appended(subjects.logOperator, 'b', a);
      const [, atB] = await collect(store.read({ after: 0 }));
      assert.ok(atB);
      const checkpoint = { created: atB.created, sequence: atB.sequence, messageId: atB.messageId };
      const abort = new AbortController();
      t.after(() => abort.abort());
      const seen: string[] = [];
      const following = (async () => {
        for await (const item of store.follow({ after: 0, signal: abort.signal })) seen.push(whoOf(item));
      })();
      await eventually(() => seen.length === 2, { what: 'both are seen' });
      await recreate();
      await following;
      assert.deepEqual(seen, ['a', 'b', 'rewound']);
      const x = await appended(subjects.logOperator, 'x', 0);
      await appended(subjects.logOperator, 'y', x);
      for await (const item of store.follow({ after: b, checkpoint, signal: abort.signal })) {
        assert.equal(item.type, 'rewound');
      }
    });

    it('goes on from a checkpoint that holds', async (t) => {
      const { store, subjects, appended } = await setUp(t);
      const a = await appended(subjects.logOperator, 'a', 0);
      await appended(subjects.logOperator, 'b', a);
      const [atA] = await collect(store.read({ after: 0 }));
      assert.ok(atA);
      const abort = new AbortController();
      t.after(() => abort.abort());
      for await (const item of store.follow({ after: a, checkpoint: atA, signal: abort.signal })) {
        assert.equal(whoOf(item), 'b');
        break;
      }
    });

    it('feeds a projection, and rebuilds it when the history was replaced', async (t) => {
      const { store, subjects, appended, recreate } = await setUp(t);
      const projection = new Projection();
      const abort = new AbortController();
      let fold: string[] = [];
      let rewinds = 0;
      const projecting = project({
        store,
        projection,
        signal: abort.signal,
        from: null,
        apply: (item) => fold.push(whoOf(item)),
        rewind: () => {
          fold = [];
          rewinds++;
        },
      });
      const a = await appended(subjects.logOperator, 'a', 0);
      const b = await appended(subjects.logOperator, 'b', a);
      assert.equal(await projection.whenApplied(b, DEADLINE_MS), true);
      assert.deepEqual(fold, ['a', 'b']);
      await recreate();
      const x = await appended(subjects.logOperator, 'x', 0);
      await eventually(() => rewinds === 1 && projection.applied === x, { what: 'the new history is folded' });
      assert.deepEqual(fold, ['x']);
      assert.equal(await projection.whenApplied(x + 1, 20), false);
      abort.abort();
      await projecting;
    });
  });
}
