import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Router } from '@dolphin/pod/app/router.js';
import { Sessions } from '@dolphin/pod/app/sessions.js';
import { WAIT_FOR_EDGE_MS } from '@dolphin/pod/app/waiting-room.js';

/** A clock that goes only when told to. */
function handClock() {
  let now = 0;
  const due = new Set<{ at: number; fn: () => void }>();
  return {
    timers: {
      monotonic: () => now,
      after: (ms: number, fn: () => void) => {
        const timer = { at: now + ms, fn };
        due.add(timer);
        return () => void due.delete(timer);
      },
    },
    pass: (ms: number) => {
      now += ms;
      for (const timer of [...due].filter(({ at }) => at <= now)) {
        due.delete(timer);
        timer.fn();
      }
    },
  };
}

it('a client that finds no edge is refused in time, however often others make it try again', () => {
  const { timers, pass } = handClock();
  const refused: string[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
  const router = new Router({
    ...{ timers, log, mode: 'auto', runners: () => [] },
    sessions: new Sessions({ life: 'f00', now: () => 0, journal: { append: () => {}, edgeEnded: () => {} } }),
    limits: { refusal: () => null, clientsAt: (admits) => admits },
    refuse: (_client, reason) => refused.push(reason),
  });
  router.accept({ destroyed: false, destroy: () => undefined }, 'rtmp');
  const steps = 10;
  for (let step = 1; step < steps; step++) {
    pass(WAIT_FOR_EDGE_MS / steps);
    router.retryWaiting();
    assert.deepEqual(refused, [], 'it still waits');
  }
  pass(WAIT_FOR_EDGE_MS / steps);
  assert.deepEqual(refused, ['no-edge']);
});
