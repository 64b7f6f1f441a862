import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LimitsDesk } from '@dolphin/pod/app/limits-desk.js';
import { loadPodConfig } from '@dolphin/pod/config.js';
import { handClock } from './hand-clock.js';

it('who has a seat held counts as present, in total and of its address, until it is released', () => {
  const quiet = () => undefined;
  const desk = new LimitsDesk({
    configured: { ...loadPodConfig(undefined, {}).limits, clients: 3, clientsPerAddress: 2 },
    store: { load: () => null, save: async () => undefined, remove: async () => undefined },
    sessions: { count: 1, countOf: () => 0 },
    timers: handClock().timers,
    log: { info: quiet, warn: quiet, error: quiet },
  });
  const [a, sameNet] = ['2001:db8::1', '2001:db8::2'];
  assert.deepEqual([desk.hold(a), desk.hold(sameNet)], [null, null]);
  assert.deepEqual([desk.hold(a), desk.refusal('192.0.2.1')], ['limit-address', 'limit-clients']);
  desk.release(sameNet);
  assert.deepEqual([desk.hold(a), desk.refusal('192.0.2.1')], [null, 'limit-clients']);
  desk.release(a);
  desk.release(a);
  assert.equal(desk.refusal('192.0.2.1'), null);
});
