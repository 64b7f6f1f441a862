import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkpointOf, type LogItem, MemoryLogStore, Projection, project } from '@dolphin/eventlog';
import { subjectsOf } from '@dolphin/protocol';
import fc from 'fast-check';
import { operatorEnvelope, whoOf } from '../../contracts/log-store-contract.js';

const { logOperator } = subjectsOf('main');

async function filled(names: readonly string[]): Promise<MemoryLogStore> {
  const store = new MemoryLogStore();
  let expectedLast = 0;
  for (const [index, who] of names.entries()) {
    const guard = { expectedLast, messageId: `m${index}-${who}` };
    const outcome = await store.append(logOperator, operatorEnvelope('main', who), guard);
    assert.ok(outcome.outcome === 'appended');
    expectedLast = outcome.sequence;
  }
  return store;
}

async function fold(store: MemoryLogStore, until: number, from: LogItem | null, before: string[]) {
  const projection = new Projection();
  const abort = new AbortController();
  let state = [...before];
  let rewinds = 0;
  const running = project({
    store,
    projection,
    signal: abort.signal,
    from: from && checkpointOf(from),
    apply: (item) => state.push(whoOf(item)),
    rewind: () => {
      rewinds++;
      state = [];
    },
  });
  assert.equal(await projection.whenApplied(until, 2_000), true);
  abort.abort();
  await running;
  return { state, rewinds };
}

describe('a projection', () => {
  it('has the same state from a snapshot as from the first entry', async () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(names, fc.nat(11), async (all, at) => {
        const store = await filled(all);
        const items: LogItem[] = [];
        for await (const item of store.read({ after: 0 })) items.push(item);
        const cut = Math.min(at, items.length - 1);
        const snapshot = items[cut] ?? null;
        const whole = await fold(store, all.length, null, []);
        const resumed = await fold(store, all.length, snapshot, items.slice(0, cut + 1).map(whoOf));
        assert.deepEqual(resumed, whole);
      }),
      { numRuns: 25 },
    );
  });

  it('forgets a snapshot of a tail that the log has lost', async () => {
    const store = await filled(['a', 'b', 'c']);
    let last: LogItem | null = null;
    for await (const item of store.read({ after: 0 })) last = item;
    store.loseTail(1);
    await store.append(logOperator, operatorEnvelope('main', 'x'), { expectedLast: 1, messageId: 'x' });
    await store.append(logOperator, operatorEnvelope('main', 'y'), { expectedLast: 2, messageId: 'y' });
    await store.append(logOperator, operatorEnvelope('main', 'z'), { expectedLast: 3, messageId: 'z' });
    assert.deepEqual(await fold(store, 4, last, ['a', 'b', 'c']), { state: ['a', 'x', 'y', 'z'], rewinds: 1 });
  });

  it('answers false to a wait at its deadline, and true as soon as the sequence is applied', async () => {
    const projection = new Projection();
    assert.equal(await projection.whenApplied(0, 10), true);
    assert.equal(await projection.whenApplied(5, 10), false);
    const waiting = projection.whenApplied(5, 5_000);
    projection.advance(4);
    projection.advance(7);
    assert.equal(await waiting, true);
    assert.equal(projection.applied, 7);
  });
});
