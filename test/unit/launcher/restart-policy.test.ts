import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterDeath,
  FIRST_DELAY_MS,
  GOOD_RUN_MS,
  MAX_DELAY_MS,
  NO_FAILURES,
} from '@dolphin/launcher/domain/restart-policy.js';
import fc from 'fast-check';

test('the first death is answered after the first delay, the next ones after twice as much each', () => {
  let state = NO_FAILURES;
  const delays: number[] = [];
  for (let death = 0; death < 8; death++) {
    const answer = afterDeath(state, 10, 0);
    state = answer.state;
    delays.push(answer.delayMs);
  }
  assert.deepEqual(delays, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test('a good run makes the next death the first again', () => {
  const { state } = afterDeath({ failures: 7 }, GOOD_RUN_MS, 0);
  assert.deepEqual(state, { failures: 1 });
});

test('a delay is never longer than the longest, and jitter takes a quarter of it at most', () => {
  fc.assert(
    fc.property(
      fc.nat(1000),
      fc.nat(60_000),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (failures, up, random) => {
        const { delayMs } = afterDeath({ failures }, up, random);
        assert.ok(delayMs <= MAX_DELAY_MS && delayMs >= FIRST_DELAY_MS * 0.75);
      },
    ),
  );
});
