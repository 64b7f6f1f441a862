import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEFAULT_RESTART_POLICY,
  decideRestart,
  NO_FAILURES,
  type RestartHistory,
} from '@dolphin/pod/domain/restart-policy.js';
import fc from 'fast-check';

const policy = DEFAULT_RESTART_POLICY;
const MIDDLE = 0.5;

/** Fails `count` times in a row, each after its delay, without ever being ready. */
function failInARow(count: number, random = MIDDLE) {
  let history: RestartHistory = NO_FAILURES;
  let at = 0;
  const delays: number[] = [];
  for (let i = 0; i < count; i++) {
    const decision = decideRestart(history, { at, readyForMs: null }, policy, random);
    history = decision.history;
    if (decision.type === 'give-up') return { delays, gaveUp: decision.attempts };
    delays.push(decision.delayMs);
    at += decision.delayMs;
  }
  return { delays, gaveUp: null };
}

describe('the restart policy', () => {
  it('restarts at once the first time, then waits twice as long each time', () => {
    assert.deepEqual(failInARow(6).delays, [0, 250, 500, 1000, 2000, 4000]);
  });

  it('gives up when too many failures fall into the window', () => {
    assert.equal(failInARow(20).gaveUp, policy.maxAttempts);
  });

  it('forgets failures that are out of the window', () => {
    let history: RestartHistory = NO_FAILURES;
    for (let i = 0; i < 100; i++) {
      const decision = decideRestart(history, { at: i * 30_000, readyForMs: 100 }, policy, MIDDLE);
      assert.equal(decision.type, 'restart');
      history = decision.history;
    }
  });

  it('forgives what came before a good run', () => {
    const { history } = decideRestart(
      { failures: [1, 2, 3, 4, 5, 6, 7, 8], streak: 8 },
      { at: 9, readyForMs: policy.goodRunMs },
      policy,
      MIDDLE,
    );
    assert.deepEqual(history, { failures: [9], streak: 1 });
  });

  it('never gives up without a limit of attempts', () => {
    let history: RestartHistory = NO_FAILURES;
    for (let at = 0; at < 2000; at++) {
      const decision = decideRestart(history, { at, readyForMs: null }, { ...policy, maxAttempts: null }, MIDDLE);
      assert.equal(decision.type, 'restart');
      history = decision.history;
    }
    assert.ok(history.failures.length <= 1000);
  });

  it('keeps every delay within a quarter of its exponential, and under the longest', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (streak, random) => {
        const history = { failures: [], streak };
        const decision = decideRestart(history, { at: 0, readyForMs: null }, policy, random);
        assert.ok(decision.type === 'restart');
        const bare = streak === 0 ? 0 : Math.min(policy.maxDelayMs, policy.baseMs * 2 ** (streak - 1));
        assert.ok(Math.abs(decision.delayMs - bare) <= bare * policy.jitter + 1);
      }),
    );
  });
});
