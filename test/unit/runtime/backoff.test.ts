import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backoffMs, type Clock, retry } from '@dolphin/runtime';
import fc from 'fast-check';

const bounds = { baseMs: 100, maxMs: 2_000 };

function virtualClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return { now: () => 0, monotonic: () => 0, sleep: async (ms) => void slept.push(ms), slept };
}

describe('the delay before another attempt', () => {
  it('is anywhere between nothing and a bound that doubles up to the maximum', () => {
    assert.deepEqual(
      [1, 2, 3, 5, 6, 60, 5000].map((attempt) => backoffMs(attempt, bounds, () => 0.9999)),
      [99, 199, 399, 1599, 1999, 1999, 1999],
    );
    assert.equal(
      backoffMs(3, bounds, () => 0),
      0,
    );
  });

  it('stays within its bounds for every attempt and every chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, chance) => {
          const ms = backoffMs(attempt, bounds, () => chance);
          assert.ok(ms >= 0 && ms < bounds.maxMs && Number.isInteger(ms));
        },
      ),
    );
  });
});

describe('retry', () => {
  it('gives the first result, after the delays of the attempts that failed', async () => {
    const clock = virtualClock();
    let calls = 0;
    const fn = async () => {
      if (++calls < 3) throw new Error('not yet');
      return 'done';
    };
    const seen: number[] = [];
    const options = {
      ...bounds,
      attempts: 5,
      clock,
      random: () => 0.5,
      onRetry: (_: unknown, n: number) => seen.push(n),
    };
    assert.equal(await retry('it', fn, options), 'done');
    assert.deepEqual(clock.slept, [50, 100]);
    assert.deepEqual(seen, [1, 2]);
  });

  it('names what failed and how often, with the last error as the cause', async () => {
    const cause = new Error('no');
    const fail = () => Promise.reject(cause);
    const retrying = retry('dialling', fail, { ...bounds, attempts: 2, clock: virtualClock() });
    await assert.rejects(retrying, { message: 'dialling failed 2 times: no', cause });
  });

  it('throws an error that is not worth another attempt as it is', async () => {
    const error = new Error('wrong password');
    const options = { ...bounds, attempts: 9, clock: virtualClock(), retryable: () => false };
    await assert.rejects(
      retry('it', () => Promise.reject(error), options),
      (thrown) => thrown === error,
    );
  });

  it('makes no attempt once its signal is aborted', async () => {
    const abort = new AbortController();
    let calls = 0;
    const fn = async () => {
      calls++;
      abort.abort();
      throw new Error('no');
    };
    const options = { ...bounds, attempts: Number.POSITIVE_INFINITY, clock: virtualClock(), signal: abort.signal };
    await assert.rejects(retry('it', fn, options), { name: 'AbortError' });
    assert.equal(calls, 1);
  });
});
