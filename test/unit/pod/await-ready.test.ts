import assert from 'node:assert/strict';
import { it } from 'node:test';
import { awaitReady, READY_WITHIN_MS } from '@dolphin/pod/app/await-ready.js';
import { handClock } from './hand-clock.js';

/** An edge whose API does not answer, and whose last probe takes until after the deadline. */
function lateEdge(isStarting: () => boolean) {
  const { timers, pass } = handClock();
  const probe = {
    answers: async () => {
      pass(READY_WITHIN_MS + 1);
      return false;
    },
  };
  return awaitReady({ probe, timers, apiPort: 1, pid: 1, isStarting, helloIsAwaited: () => false });
}

it('an edge that does not answer in time is late', async () => {
  assert.equal(await lateEdge(() => true), 'late');
});

it('an edge that ended during its last probe is not late: the next process would be killed for it', async () => {
  let asked = 0;
  assert.equal(await lateEdge(() => asked++ === 0), 'over');
});
