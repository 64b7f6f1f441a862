import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { createLog, JetStreamLogStore } from '@dolphin/eventlog';
import { subjectsOf } from '@dolphin/protocol';
import { headers } from 'nats';
import { operatorEnvelope, whoOf } from '../contracts/log-store-contract.js';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { startNatsWithFaultyWay } from '../support/faulty-way.js';

const farm = 'main';
const subjects = subjectsOf(farm);
/** An append tries for some two seconds with it: less than the silence for which a connection is given up. */
const TIMEOUT_MS = 250;

/** A writer behind a relay that can hold the server's answers, and an observer with a way of its own. */
async function setUp(t: TestContext, limits = { maxBytes: 16 * 1024 * 1024 }) {
  const { nats, proxy, connect } = await startNatsWithFaultyWay(t);
  const bus = await connect(proxy.port, 'writer');
  const direct = await connect(nats.port, 'observer');
  await createLog(direct, farm, limits);
  const opening = () => JetStreamLogStore.open(bus, farm, { timeoutMs: TIMEOUT_MS });
  const store = await eventually(opening, { what: 'the log is opened' });
  const observer = await JetStreamLogStore.open(direct, farm);
  const append = (who: string, expectedLast: number, messageId: string = randomUUID(), to = store) =>
    to.append(subjects.logOperator, operatorEnvelope(farm, who), { expectedLast, messageId });
  const stored = async () => {
    const all: string[] = [];
    for await (const item of observer.read({ after: 0 })) all.push(whoOf(item));
    return all.join('');
  };
  /** What becomes of it; sent again, with the same id, while that is not known. */
  const settled = (who: string, expectedLast: number, messageId: string, first?: ReturnType<typeof append>) => {
    let appending = first;
    return eventually(
      async () => {
        const mine = appending ?? append(who, expectedLast, messageId);
        appending = undefined;
        const outcome = await mine;
        return outcome.outcome === 'unknown' ? null : outcome;
      },
      { what: 'it is settled' },
    );
  };
  return { nats, proxy, bus, direct, store, observer, append, settled, stored };
}

describe('an append whose acknowledgement is late or lost', { concurrency: true }, () => {
  it('is found at the stream when the answers come back in time', async (t) => {
    const { proxy, append, stored } = await setUp(t);
    proxy.holdServer();
    const appending = append('a', 0);
    // The first publish has timed out when the server may speak again.
    await eventually(() => proxy.heldChunks > 0, { what: 'it is stored', pollMs: 1 });
    setTimeout(() => proxy.release(), TIMEOUT_MS * 1.5);
    assert.deepEqual(await appending, { outcome: 'appended', sequence: 1 });
    assert.equal(await stored(), 'a');
  });

  it('ends unknown when nothing is heard, and sent again it is where it was', async (t) => {
    const { proxy, append, settled, stored } = await setUp(t);
    proxy.holdServer();
    const outcome = await append('a', 0, 'id-1');
    assert.equal(outcome.outcome, 'unknown');
    assert.equal(await stored(), 'a');
    proxy.release();
    assert.deepEqual(await settled('a', 0, 'id-1'), { outcome: 'appended', sequence: 1 });
    assert.equal(await stored(), 'a');
  });

  it('is settled before anything else is appended on its subject', async (t) => {
    const { proxy, append, settled, stored } = await setUp(t);
    proxy.holdServer();
    assert.equal((await append('a', 0)).outcome, 'unknown');
    await assert.rejects(append('b', 0), { code: 'E_BUS_UNAVAILABLE' });
    proxy.release();
    // The connection may have been given up for its silence, and come back.
    assert.deepEqual(await settled('c', 0, 'id-c'), { outcome: 'conflict', lastSequence: 1 });
    assert.deepEqual(await settled('c', 1, 'id-c2'), { outcome: 'appended', sequence: 2 });
    assert.equal(await stored(), 'ac');
  });

  it('is found behind what another writer appended meanwhile', async (t) => {
    const { proxy, append, settled, observer, stored } = await setUp(t);
    proxy.holdServer();
    const appending = append('a', 0, 'id-a');
    await eventually(async () => (await stored()) === 'a', { what: 'it is stored' });
    assert.deepEqual(await append('b', 1, 'id-b', observer), { outcome: 'appended', sequence: 2 });
    setTimeout(() => proxy.release(), TIMEOUT_MS * 1.5);
    assert.deepEqual(await settled('a', 0, 'id-a', appending), { outcome: 'appended', sequence: 1 });
  });

  it('is a conflict when another writer was first', async (t) => {
    const { proxy, append, settled, observer, stored } = await setUp(t);
    await append('b', 0, 'id-b', observer);
    proxy.holdServer();
    const appending = append('a', 0, 'id-a');
    setTimeout(() => proxy.release(), TIMEOUT_MS * 1.5);
    assert.deepEqual(await settled('a', 0, 'id-a', appending), { outcome: 'conflict', lastSequence: 1 });
    assert.equal(await stored(), 'b');
  });

  it('survives the connection being cut with the acknowledgement in it', async (t) => {
    const { proxy, append, settled, stored } = await setUp(t);
    proxy.holdServer();
    const appending = append('a', 0, 'id-1');
    await eventually(async () => (await stored()) === 'a', { what: 'it is stored' });
    proxy.cut();
    assert.deepEqual(await settled('a', 0, 'id-1', appending), { outcome: 'appended', sequence: 1 });
    assert.equal(await stored(), 'a');
  });
});

describe('an append that is certainly not stored', () => {
  it('fails at once while NATS is away, and works when it is back', async (t) => {
    const { proxy, append, stored } = await setUp(t);
    proxy.partition();
    await eventually(() => rejectsWith(append('a', 0), 'E_BUS_UNAVAILABLE'), { what: 'the partition is noticed' });
    // At once: before anything else that is due, so without a timer or an answer to wait for.
    const waits = new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(Promise.race([append('a', 0), waits]), { code: 'E_BUS_UNAVAILABLE' });
    proxy.heal();
    // What was published before the cut was noticed is settled first, and may have become the first entry.
    await eventually(async () => (await append('z', 0)).outcome !== 'unknown', { what: 'it is back' });
    assert.match(await stored(), /^(a|z)$/);
  });

  it('says so when there is no stream', async (t) => {
    const { direct } = await setUp(t);
    const other = await JetStreamLogStore.open(direct, 'other');
    assert.equal(await other.info(), null);
    assert.equal(await other.lastOn(subjectsOf('other').logOperator), null);
    const appending = other.append(subjectsOf('other').logOperator, operatorEnvelope('other', 'a'), {
      expectedLast: 0,
      messageId: 'x',
    });
    await assert.rejects(appending, { code: 'E_BUS_UNAVAILABLE' });
  });

  it('is refused when the log is full, and nothing old is pushed out', async (t) => {
    const { append, stored } = await setUp(t, { maxBytes: 2_000 });
    let last = 0;
    const full = async () => {
      for (;;) {
        const outcome = await append('a', last);
        assert.equal(outcome.outcome, 'appended');
        if (outcome.outcome === 'appended') last = outcome.sequence;
      }
    };
    await assert.rejects(full(), { code: 'E_LOG_FULL' });
    assert.ok(last >= 2);
    assert.equal(await stored(), 'a'.repeat(last));
  });
});

describe('the duplicate window', () => {
  it('swallows a second message with the same id, with a success', async (t) => {
    const { direct, stored } = await setUp(t);
    const publish = async (who: string) => {
      const withId = headers();
      withId.set('Nats-Msg-Id', 'same');
      const bytes = JSON.stringify(operatorEnvelope(farm, who));
      const answer = await direct.request(subjects.logOperator, bytes, { headers: withId, timeout: DEADLINE_MS });
      return answer.json<{ seq: number; duplicate?: boolean }>();
    };
    assert.equal((await publish('a')).duplicate ?? false, false);
    const second = await publish('b');
    assert.deepEqual([second.duplicate, second.seq], [true, 1]);
    assert.equal(await stored(), 'a');
  });
});

async function rejectsWith(promise: Promise<unknown>, code: string): Promise<boolean> {
  try {
    await promise;
    return false;
  } catch (error) {
    return (error as { code?: string }).code === code;
  }
}
