import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createLog, openLease, type Tenure } from '@dolphin/eventlog';
import { subjectsOf } from '@dolphin/protocol';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { startNatsWithFaultyWay } from '../support/faulty-way.js';

const farm = 'main';
const bucket = subjectsOf(farm).leaseBucket;
/** A sixth of it is how long the holder may be kept from renewing: a busy machine keeps it for some tenths of a second. */
const TTL_MS = 4_000;

async function setUp(t: TestContext) {
  const { nats, proxy, connect } = await startNatsWithFaultyWay(t);
  const busA = await connect(proxy.port, 'a');
  const busB = await connect(nats.port, 'b');
  await createLog(busB, farm, { maxBytes: 1024 * 1024, leaseTtlMs: TTL_MS });
  const a = await openLease(busA, farm, { holder: 'a' });
  const b = await openLease(busB, farm, { holder: 'b' });
  const stop = new AbortController();
  const held: Tenure[] = [];
  t.after(async () => {
    stop.abort();
    for (const tenure of held) await tenure.release();
  });
  const acquire = async (lease: typeof a) => {
    const tenure = await lease.acquire(stop.signal);
    assert.ok(tenure);
    held.push(tenure);
    return tenure;
  };
  /** What the server has for the lease: its last message, a deletion too; null when that has expired. */
  const stored = async () => {
    const query = JSON.stringify({ last_by_subj: `$KV.${bucket}.leader` });
    const answer = await busB.request(`$JS.API.STREAM.MSG.GET.KV_${bucket}`, query, { timeout: DEADLINE_MS });
    return answer.json<{ message?: object }>().message ?? null;
  };
  return { nats, proxy, busA, busB, a, b, stop, acquire, stored };
}

describe('the lease', { concurrency: true }, () => {
  it('is held by one, renewed, and refused to others', async (t) => {
    const { a, b, acquire } = await setUp(t);
    const first = await acquire(a);
    const trying = new AbortController();
    const rivals = new Set<string>();
    const second = b.acquire(trying.signal, (holder) => rivals.add(holder));
    const end = performance.now() + TTL_MS * 2;
    await eventually(
      () => {
        assert.equal(first.holds(), true);
        return performance.now() > end;
      },
      { what: 'two ttls have passed' },
    );
    trying.abort();
    assert.equal(await second, null);
    assert.deepEqual([...rivals], ['a'], 'who waits is told who renews');
  });

  it('passes at once when it is released', async (t) => {
    const { busB, a, b, acquire } = await setUp(t);
    const first = await acquire(a);
    const waiting = acquire(b);
    const operations: string[] = [];
    busB.subscribe(`$KV.${bucket}.leader`, {
      callback: (_, message) => void operations.push(message.headers?.get('KV-Operation') ?? ''),
    });
    await busB.flush();
    await first.release();
    assert.equal(first.holds(), false);
    const second = await waiting;
    assert.equal(second.holds(), true);
    assert.ok(operations.includes('DEL'), 'it was given back, and did not run out');
  });

  it('is taken over when its holder is gone, and never held by two', async (t) => {
    const { proxy, a, b, acquire } = await setUp(t);
    const first = await acquire(a);
    const waiting = acquire(b);
    proxy.partition();
    const second = await waiting;
    assert.equal(first.holds(), false);
    assert.equal(second.holds(), true);
    assert.equal(first.signal.aborted, true);
    proxy.heal();
  });

  it('is not lost by a renewal whose answer is late', async (t) => {
    const { proxy, a, acquire } = await setUp(t);
    const first = await acquire(a);
    proxy.holdServer();
    await eventually(() => proxy.heldChunks > 0, { what: 'a renewal is stored and not answered' });
    setTimeout(() => proxy.release(), TTL_MS * 0.3);
    const end = performance.now() + TTL_MS * 2;
    await eventually(
      () => {
        assert.equal(first.holds(), true, String(first.signal.reason));
        return performance.now() > end;
      },
      { what: 'two ttls have passed' },
    );
  });

  it('ends by itself when no answer comes any more', async (t) => {
    const { proxy, a, acquire, stored } = await setUp(t);
    const first = await acquire(a);
    proxy.holdServer();
    await eventually(() => first.signal.aborted, { what: 'the tenure is over' });
    assert.notEqual(await stored(), null, 'for its holder it is over before it is for others');
    assert.equal(first.holds(), false);
    proxy.release();
  });

  it('has one holder again after the server was killed and started again', async (t) => {
    const { nats, a, b, acquire, stop } = await setUp(t);
    const first = await acquire(a);
    let second: Tenure | undefined;
    const waiting = b.acquire(stop.signal).then((tenure) => {
      if (tenure) second = tenure;
    });
    await nats.crash();
    await nats.restart();
    const end = performance.now() + TTL_MS * 1.5;
    let most = 0;
    await eventually(
      () => {
        const holders = [first.holds(), second?.holds()].filter((holds) => holds === true).length;
        most = Math.max(most, holders);
        return performance.now() > end && holders === 1;
      },
      { what: 'one of them holds it' },
    );
    assert.equal(most, 1, 'never both');
    stop.abort();
    await waiting;
    await second?.release();
  });

  it('is not there before the farm is', async (t) => {
    const { busA } = await setUp(t);
    await assert.rejects(openLease(busA, 'other', { holder: 'a' }), { code: 'E_BUS_UNAVAILABLE' });
  });
});
