import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connectBus, createLog, openLease, type Tenure } from '@dolphin/eventlog';
import { silentLogger } from '@dolphin/runtime';
import { eventually } from '../support/eventually.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { startNats } from '../support/nats.js';

const farm = 'main';
const TTL_MS = 1_000;

async function setUp(t: TestContext) {
  const nats = await startNats(t);
  const proxy = await startFaultProxy(t, nats.port);
  const connect = async (port: number, name: string) => {
    const bus = await connectBus(`nats://127.0.0.1:${port}`, { name, logger: silentLogger() });
    t.after(() => bus.close());
    return bus;
  };
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
  return { nats, proxy, busA, a, b, stop, acquire };
}

describe('the lease', () => {
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
    const { a, b, acquire } = await setUp(t);
    const first = await acquire(a);
    const waiting = acquire(b);
    const begin = performance.now();
    await first.release();
    assert.equal(first.holds(), false);
    const second = await waiting;
    assert.equal(second.holds(), true);
    assert.ok(performance.now() - begin < TTL_MS * 0.8, `${performance.now() - begin} ms`);
  });

  it('is taken over within the ttl and a poll when its holder is gone, and never held by two', async (t) => {
    const { proxy, a, b, acquire } = await setUp(t);
    const first = await acquire(a);
    const waiting = acquire(b);
    const begin = performance.now();
    proxy.partition();
    const second = await waiting;
    assert.equal(first.holds(), false);
    assert.equal(second.holds(), true);
    assert.ok(performance.now() - begin < TTL_MS * 1.7, `${performance.now() - begin} ms`);
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
    const { proxy, a, acquire } = await setUp(t);
    const first = await acquire(a);
    proxy.holdServer();
    const begin = performance.now();
    await eventually(() => first.signal.aborted, { what: 'the tenure is over' });
    assert.ok(performance.now() - begin < TTL_MS);
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
    await eventually(
      () => {
        const holders = [first.holds(), second?.holds()].filter((holds) => holds === true).length;
        assert.ok(holders <= 1);
        return performance.now() > end && holders === 1;
      },
      { what: 'one of them holds it' },
    );
    stop.abort();
    await waiting;
    await second?.release();
  });

  it('is not there before the farm is', async (t) => {
    const { busA } = await setUp(t);
    await assert.rejects(openLease(busA, 'other', { holder: 'a' }), { code: 'E_BUS_UNAVAILABLE' });
  });
});
