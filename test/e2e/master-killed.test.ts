import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { TestFarm } from '../support/farm.js';

it('a farm converges when its master is killed at any point of an apply', async (t) => {
  const farm = await TestFarm.start(t, { edges: 1 });
  let asked = 1;
  // The delays walk through: before the decision, between decision and command, between command and fact.
  for (const delayMs of [0, 5, 20, 60, 150]) {
    asked = asked === 1 ? 4 : 1;
    await farm.apply(asked);
    await wait(delayMs);
    await farm.master.stop('SIGKILL');
    farm.startMaster();
    const view = await farm.ready(asked);
    assert.equal(new Set(view.edges.map((edge) => edge.pid)).size, asked + 1, 'one process for each edge');
  }
  const terms = (await farm.events())
    .filter((event) => event.type === 'leader-elected')
    .map((event) => event.data['term']);
  assert.ok(terms.length >= 2, 'more than one life led');
  assert.deepEqual(
    terms,
    terms.map((_, index) => index + 1),
    'each leader has a term of its own, one above the last',
  );
});
