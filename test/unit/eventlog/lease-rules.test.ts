import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actsUntil, afterRenewal, type Grip, leaseTerms, mayAct, pollDelayMs, renewalDelayMs } from '@dolphin/eventlog';
import fc from 'fast-check';

const terms = leaseTerms(3_000);

describe('the rule of acting as leader', () => {
  it('lets nobody act without a lease', () => {
    assert.equal(mayAct(null, terms, 0), false);
  });

  it('counts from when the renewal was sent, and stops a margin before the ttl', () => {
    const grip = { revision: 1, confirmedAt: 1_000 };
    assert.equal(mayAct(grip, terms, 1_000 + terms.ttlMs - terms.marginMs - 1), true);
    assert.equal(mayAct(grip, terms, 1_000 + terms.ttlMs - terms.marginMs), false);
    assert.equal(actsUntil(grip, terms), 1_000 + terms.ttlMs - terms.marginMs);
  });

  it('keeps the grip when a renewal has no answer, and drops it when it is lost', () => {
    const grip = { revision: 1, confirmedAt: 1_000 };
    assert.deepEqual(afterRenewal(grip, { outcome: 'unknown', why: '' }), grip);
    assert.equal(afterRenewal(grip, { outcome: 'lost', why: '' }), null);
    assert.deepEqual(afterRenewal(grip, { outcome: 'renewed', revision: 2, sentAt: 2_000 }), {
      revision: 2,
      confirmedAt: 2_000,
    });
  });

  it('never moves back for an answer that came late', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (confirmedAt, sentAt) => {
        const next = afterRenewal({ revision: 1, confirmedAt }, { outcome: 'renewed', revision: 2, sentAt });
        assert.ok(next && next.confirmedAt >= confirmedAt);
      }),
    );
  });

  it('renews with room for two failures, and polls within a sixth of the ttl', () => {
    const grip = { revision: 1, confirmedAt: 0 };
    assert.ok(renewalDelayMs(grip, terms, false, 0) * 2 < actsUntil(grip, terms));
    assert.equal(renewalDelayMs(grip, terms, false, 10_000), 0);
    for (const random of [0, 0.5, 0.999]) assert.ok(pollDelayMs(terms, () => random) <= terms.ttlMs / 6);
  });
});

/**
 * Two masters and the server, in one time. Each step one of them sends a request; the server gets it after `there` ms or never, and
 * the answer comes back after `back` ms or never. A master may also be frozen for a while: then it learns its answers late.
 */
const step = fc.record({
  who: fc.constantFrom(0, 1),
  wait: fc.nat(2_000),
  there: fc.option(fc.nat(4_000), { freq: 8 }),
  back: fc.option(fc.nat(6_000), { freq: 8 }),
});

describe('two masters and one lease', () => {
  it('never both act, however late or lost the messages are', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const held = simulate(steps);
        for (const [index, a] of held.entries()) {
          for (const b of held.slice(index + 1)) {
            if (a.who !== b.who) assert.ok(a.to <= b.from || b.to <= a.from, JSON.stringify([a, b]));
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

type Step = { who: number; wait: number; there: number | null; back: number | null };

/** The spans of time in which each master may act. */
function simulate(steps: readonly Step[]): { who: number; from: number; to: number }[] {
  let now = 0;
  const requests = steps.map((one) => {
    now += one.wait;
    const arrives = one.there === null ? null : now + one.there;
    return {
      who: one.who,
      sentAt: now,
      arrives,
      answered: arrives === null || one.back === null ? null : arrives + one.back,
    };
  });
  // The server takes them as they arrive: it stores for the owner, or for anybody once the ttl is over.
  const stores: { who: number; storedAt: number }[] = [];
  const answers: { at: number; who: number; sentAt: number; revision: number; stored: boolean }[] = [];
  for (const request of requests
    .filter((one) => one.arrives !== null)
    .sort((a, b) => (a.arrives ?? 0) - (b.arrives ?? 0))) {
    const at: number = request.arrives ?? 0;
    const owner = stores.at(-1);
    const free = owner === undefined || at - owner.storedAt >= terms.ttlMs;
    const stored = free || owner?.who === request.who;
    if (stored) stores.push({ who: request.who, storedAt: at });
    if (request.answered !== null) {
      answers.push({
        at: request.answered,
        who: request.who,
        sentAt: request.sentAt,
        revision: stores.length,
        stored,
      });
    }
  }
  const spans: { who: number; from: number; to: number }[] = [];
  for (const who of [0, 1]) {
    let grip: Grip | null = null;
    for (const { at, sentAt, revision, stored } of answers
      .filter((one) => one.who === who)
      .sort((a, b) => a.at - b.at)) {
      grip = stored
        ? grip
          ? afterRenewal(grip, { outcome: 'renewed', revision, sentAt })
          : { revision, confirmedAt: sentAt }
        : null;
      if (grip && mayAct(grip, terms, at)) spans.push({ who, from: at, to: actsUntil(grip, terms) });
    }
  }
  return spans;
}
