import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '@dolphin/pod/app/departure.js';
import { awaitClients } from '@dolphin/pod/app/graceful-stop.js';
import { LEAVE_WITHIN_MS } from '@dolphin/pod/domain/drain-rules.js';
import { handClock } from './hand-clock.js';

const PACE = { batchClients: 2, batchEveryMs: 250 };

function setUp() {
  const { timers, pass } = handClock();
  const batches: number[][] = [];
  const departure = new Departure({ timers, pace: PACE, close: (ids) => void batches.push([...ids]) });
  return { timers, pass, batches, departure, deadlineAt: timers.monotonic() + 1000 };
}

describe('clients that are to leave by a deadline', () => {
  it('are let alone until then, and it is over when the last one has left', () => {
    const { pass, batches, departure, deadlineAt } = setUp();
    assert.equal(departure.look([1, 2, 3], deadlineAt), null);
    pass(999);
    assert.equal(departure.look([3], deadlineAt), null);
    assert.equal(departure.look([], deadlineAt), 'empty');
    assert.deepEqual([batches, departure.asked], [[], 0]);
  });

  it('are told to go in batches, each one once, those too that came meanwhile', () => {
    const { pass, batches, departure, deadlineAt } = setUp();
    pass(1000);
    for (const present of [[1, 2, 3], [2, 3, 4], [2, 3, 4], [4]]) {
      assert.equal(departure.look(present, deadlineAt), null);
      pass(PACE.batchEveryMs / 2);
    }
    assert.deepEqual(batches, [
      [1, 2],
      [3, 4],
    ]);
    assert.equal(departure.look([], deadlineAt), 'deadline');
    assert.equal(departure.asked, 4);
  });

  it('are given up when their edge does not let them go', () => {
    const { pass, departure, deadlineAt } = setUp();
    pass(1000);
    assert.equal(departure.look([1], deadlineAt), null);
    pass(LEAVE_WITHIN_MS - 1);
    assert.equal(departure.look([1], deadlineAt), null);
    pass(1);
    assert.equal(departure.look([1], deadlineAt), 'deadline');
  });
});

describe('a pod that is to stop', () => {
  const stopping = (hurry: AbortSignal) => {
    const { timers, pass } = handClock();
    const present = new Set([1, 2, 3]);
    const nothing = () => undefined;
    const seen = { ports: 'open', over: false };
    const over = awaitClients(1000, hurry, {
      ...{ timers, pace: PACE, log: { info: nothing, warn: nothing, error: nothing } },
      clients: { all: () => [...present], close: (ids) => ids.forEach((id) => void present.delete(id)) },
      closePorts: () => {
        seen.ports = 'closed';
      },
    }).then(() => {
      seen.over = true;
    });
    const passAll = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 50) {
        pass(50);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { present, seen, over, passAll };
  };

  it('closes its ports at once, and at its deadline its clients, batch by batch', async () => {
    const { present, seen, over, passAll } = stopping(new AbortController().signal);
    assert.equal(seen.ports, 'closed');
    await passAll(950);
    assert.equal(present.size, 3);
    await passAll(200);
    assert.deepEqual([[...present], seen.over], [[3], false]);
    await passAll(PACE.batchEveryMs + 200);
    assert.equal(present.size, 0);
    await over;
  });

  it('waits for nobody when it is told to hurry', async () => {
    const hurry = new AbortController();
    const { present, over } = stopping(hurry.signal);
    hurry.abort();
    await over;
    assert.equal(present.size, 3);
  });
});
