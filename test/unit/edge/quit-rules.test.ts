import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drainOut } from '@dolphin/edge/app/drain-out.js';
import { DRAIN_DEADLINE_MS, type Drain, nextDrain, quitFor } from '@dolphin/edge/domain/quit-rules.js';
import fc from 'fast-check';

describe('a signal to end', () => {
  it('ends at once, slowly by SIGQUIT or where the conf wants it, and at once when it is the second', () => {
    const first = { isDraining: false, forceGraceQuit: false };
    assert.equal(quitFor('SIGTERM', first), 'now');
    assert.equal(quitFor('SIGINT', { ...first, forceGraceQuit: true }), 'now');
    assert.equal(quitFor('SIGTERM', { ...first, forceGraceQuit: true }), 'drain');
    assert.equal(quitFor('SIGQUIT', first), 'drain');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      assert.equal(quitFor(signal, { isDraining: true, forceGraceQuit: true }), 'now');
    }
  });
});

const waits = { startMs: 2300, finalMs: 3200 };
/** Looks each 100 ms; `clients` are those at that time. */
function drained(clients: (ms: number) => number): Record<Drain['phase'], number> {
  let drain: Drain = { phase: 'announced', sinceMs: 0 };
  const begun = { announced: 0, emptying: -1, final: -1, over: -1 };
  for (let nowMs = 100; drain.phase !== 'over'; nowMs += 100) {
    const next = nextDrain(drain, { nowMs, clients: clients(nowMs) }, waits);
    if (next.phase !== drain.phase) begun[next.phase] = nowMs;
    drain = next;
  }
  return begun;
}

describe('a slow end', () => {
  it('waits for whoever sends clients, for the last client, and for the last words', () => {
    assert.deepEqual(
      drained(() => 0),
      { announced: 0, emptying: 2300, final: 2400, over: 5600 },
    );
    assert.deepEqual(
      drained((ms) => (ms < 60_000 ? 1 : 0)),
      { announced: 0, emptying: 2300, final: 60_000, over: 63_200 },
    );
  });

  it('has its phases in order, and is over in time, whoever comes and stays', () => {
    fc.assert(
      fc.property(fc.nat(2 * DRAIN_DEADLINE_MS), (leftMs) => {
        const { emptying, final, over } = drained((ms) => (ms < leftMs ? 1 : 0));
        assert.ok(emptying < final && final < over);
        assert.ok(final >= Math.min(leftMs, DRAIN_DEADLINE_MS), 'nobody is cut before it is late');
        assert.ok(over <= waits.startMs + DRAIN_DEADLINE_MS + waits.finalMs + 300);
      }),
    );
  });

  it('keeps no idle connection, closes its listeners once, then who is left, and is over once', () => {
    let nowMs = 0;
    let due: (() => void) | null = null;
    const timers = {
      now: () => nowMs,
      after: (ms: number, fn: () => void) => {
        due = () => {
          nowMs += ms;
          fn();
        };
        return () => undefined;
      },
    };
    const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
    const did: string[] = [];
    drainOut({
      ...{ waits, timers, log },
      clients: {
        get count() {
          return nowMs < 10_000 ? 3 : 0;
        },
        keepNoMore: () => did.push(`keeps none at ${nowMs}`),
        closeAll: (end) => did.push(`${end} at ${nowMs}`),
      },
      closeListeners: () => did.push(`closed at ${nowMs}`),
      onOver: () => did.push(`over at ${nowMs}`),
    });
    for (let next = due as (() => void) | null; next !== null; next = due as (() => void) | null) {
      due = null;
      next();
    }
    assert.deepEqual(did, ['keeps none at 0', 'closed at 2300', 'edge-stopped at 10000', 'over at 13200']);
  });
});
