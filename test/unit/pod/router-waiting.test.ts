import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TOOK_GRACE_MS } from '@dolphin/pod/app/hand-off-queue.js';
import { Router } from '@dolphin/pod/app/router.js';
import { Sessions } from '@dolphin/pod/app/sessions.js';
import { WAIT_FOR_EDGE_MS } from '@dolphin/pod/app/waiting-room.js';
import { loadPodConfig } from '@dolphin/pod/config.js';
import { handClock } from './hand-clock.js';

it('a client that finds no edge is refused in time, however often others make it try again', () => {
  const { timers, pass } = handClock();
  const refused: string[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
  const router = new Router({
    privateAddress: '127.0.0.1',
    ...{ timers, log, mode: 'auto', runners: () => [], now: () => 0, explain: null },
    balance: loadPodConfig(undefined, {}).balance,
    sessions: new Sessions({ life: 'f00', now: () => 0, journal: { append: () => {}, edgeEnded: () => {} } }),
    limits: { refusal: () => null, allows: () => true, clientsAt: (admits) => admits },
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
  pass(TOOK_GRACE_MS);
  assert.deepEqual(refused, ['no-edge']);
});
