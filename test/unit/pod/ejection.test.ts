import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  afterFailure,
  afterSuccess,
  type EjectionRecord,
  ejectedForMs,
  isEdgesFault,
  isEjected,
  NEVER_EJECTED,
} from '@dolphin/pod/domain/ejection.js';
import fc from 'fast-check';

const POLICY = { failures: 3, baseMs: 1000, maxMs: 8000 };
const fail = (record: EjectionRecord, at: number, hasOther = true) => afterFailure(record, { at, hasOther }, POLICY);
const failTimes = (record: EjectionRecord, at: number, times: number) => {
  let now = record;
  for (let i = 0; i < times; i++) now = fail(now, at);
  return now;
};

describe('an edge that fails its clients', () => {
  it('is ejected after so many in a row, and a success between begins anew', () => {
    const two = failTimes(NEVER_EJECTED, 0, 2);
    assert.equal(isEjected(two, 0), false);
    assert.equal(ejectedForMs(fail(two, 0), 0), 1000);
    assert.equal(isEjected(failTimes(afterSuccess(two, 0, POLICY), 0, 2), 0), false);
  });

  it('is ejected for twice as long each time, up to the limit', () => {
    let record = NEVER_EJECTED;
    let at = 0;
    const lengths: number[] = [];
    for (let i = 0; i < 6; i++) {
      record = failTimes(record, at, 3);
      lengths.push(ejectedForMs(record, at));
      at += ejectedForMs(record, at);
      assert.equal(isEjected(record, at), false);
    }
    assert.deepEqual(lengths, [1000, 2000, 4000, 8000, 8000, 8000]);
  });

  it('is forgiven one ejection for each of its lengths without a failure', () => {
    const twice = failTimes(failTimes(NEVER_EJECTED, 0, 3), 1000, 3);
    assert.equal(twice.level, 2);
    assert.equal(afterSuccess(twice, 3000 + 1999, POLICY).level, 2);
    const once = afterSuccess(twice, 3000 + 2000, POLICY);
    assert.equal(once.level, 1);
    assert.equal(afterSuccess(once, 5999, POLICY).level, 1);
    assert.equal(afterSuccess(once, 6000, POLICY).level, 0);
  });

  it('is never ejected while there is no other, and is at its next failure when there is one', () => {
    let record = NEVER_EJECTED;
    for (let i = 0; i < 50; i++) record = fail(record, i, false);
    assert.equal(isEjected(record, 50), false);
    assert.equal(isEjected(fail(record, 51), 51), true);
  });

  it('is never ejected for longer than the limit, nor made worse by what was under way', () => {
    const step = fc.record({ passMs: fc.nat(3000), failed: fc.boolean(), hasOther: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let record = NEVER_EJECTED;
        let at = 0;
        for (const { passMs, failed, hasOther } of steps) {
          at += passMs;
          const before = record;
          record = failed ? fail(record, at, hasOther) : afterSuccess(record, at, POLICY);
          if (isEjected(before, at)) assert.deepEqual(record, before);
          assert.ok(ejectedForMs(record, at) <= POLICY.maxMs);
          if (isEjected(record, at) && !isEjected(before, at)) assert.ok(failed && hasOther);
        }
      }),
    );
  });

  it('is not blamed for what a relay process lacks', () => {
    for (const code of ['ECONNREFUSED', 'ETIMEDOUT', 'ECONNRESET']) assert.ok(isEdgesFault(code));
    for (const code of ['EMFILE', 'EADDRNOTAVAIL']) assert.ok(!isEdgesFault(code));
  });
});
