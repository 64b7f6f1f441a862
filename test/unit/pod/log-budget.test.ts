import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullBudget, LOG_BURST_BYTES, LOG_BYTES_PER_S, spendBudget } from '@dolphin/pod/domain/log-budget.js';
import fc from 'fast-check';

describe('the budget of a log', () => {
  it('lets a burst in, then a steady rate, and never more', () => {
    const print = fc.record({ bytes: fc.integer({ min: 1, max: 65_536 }), afterMs: fc.integer({ min: 0, max: 50 }) });
    fc.assert(
      fc.property(fc.array(print, { maxLength: 200 }), (prints) => {
        let at = 0;
        let budget = fullBudget(at);
        let total = 0;
        for (const { bytes, afterMs } of prints) {
          at += afterMs;
          const spent = spendBudget(budget, bytes, at);
          budget = spent.budget;
          if (spent.admitted) total += bytes;
          assert.ok(total <= LOG_BURST_BYTES + (at * LOG_BYTES_PER_S) / 1000 + 1);
        }
      }),
    );
    assert.equal(spendBudget(fullBudget(0), LOG_BURST_BYTES, 0).admitted, true);
    assert.equal(spendBudget({ bytes: 0, at: 0 }, 65_536, 10).admitted, false);
    assert.equal(spendBudget({ bytes: 0, at: 0 }, 65_536, 1000).admitted, true);
  });
});
