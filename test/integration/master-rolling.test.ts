import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlanAnswer } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { fromRoot } from '../support/paths.js';
import { run } from '../support/processes.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { TestMaster } from './master-support/test-master.js';

const QUICK = { minHealthyMs: 200 };

test('a rolling change goes on under the next leader, stops at what does not start, and is rolled back', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const [h1, h2] = [
    await FakeWorker.start(t, { nats: nats.url, farmId, host: 'h1', rtmp: 19_350 }),
    await FakeWorker.start(t, { nats: nats.url, farmId, host: 'h2', rtmp: 19_450 }),
  ];
  await master.until('two hosts', ({ totals }) => totals.hostsUp === 2);
  await master.applied({ perHost: 2 });
  await master.settled(4);

  await master.applied({ perHost: 2 }, { engine: 'next', update: QUICK });
  await master.until('the first are changed', ({ update }) => (update?.done ?? 0) >= 2);
  await master.kill();
  await master.restart();
  const changed = await master.until(
    'all are changed',
    ({ settled, update }) => settled && update?.state === 'finished',
  );
  assert.deepEqual(changed.update, { specVersion: 2, state: 'finished', edges: 6, done: 6 });
  assert.ok(changed.edges.every(({ engine, generation }) => engine === 'next' && generation === 2));
  const steps = (await master.events()).filter(({ type }) => type === 'update-step');
  assert.deepEqual(
    steps.map(({ data }) => (data['edges'] as object[]).length),
    [1, 1, 1, 1, 1, 1],
  );

  const plan = await master.request('POST', '/api/v1/apply?dryRun=1', {
    spec: { edges: { perHost: 2 }, origins: ['127.0.0.1:1935'], engine: 'broken' },
  });
  const { steps: planned } = PlanAnswer.parse(plan.body);
  assert.deepEqual([...new Set(planned.map(({ action }) => action))], ['update']);
  await master.applied({ perHost: 2 }, { engine: 'broken', update: QUICK });
  const stopped = await master.until('it stops', ({ update }) => update?.state === 'stopped');
  assert.equal(stopped.update?.why, 'stream-0 of h1: its pod gave it up');
  assert.equal(stopped.edges.filter(({ engine }) => engine === 'next').length, 5);
  await master.applied({ perHost: 2 }, { engine: 'broken', update: QUICK });
  await master.until('it is tried again', ({ update }) => update?.specVersion === 4 && update.state === 'stopped');
  const cli = (...args: string[]) =>
    run(t, process.execPath, [fromRoot('bin/dolphin-cli'), ...['--api', `http://127.0.0.1:${master.port}`, ...args]]);
  const rollback = await cli('rollback', '2', '--wait');
  assert.equal(rollback.code, 0, rollback.stderr);
  const back = await master.view();
  assert.ok(back.edges.every(({ engine, state }) => engine === 'next' && state === 'ready'));
  const bad = await cli('rollback', '3', '--wait');
  assert.equal(bad.code, 75);
  assert.match(bad.stderr, /E_UPDATE_STOPPED: the update to spec 6 stopped: stream-\d of h1: its pod gave it up/);
  assert.match((await cli('status')).stdout, /! farm: the update to spec 6 stopped/);
  await eventually(() => [h1, h2].every((worker) => worker.model.violations.length === 0), { what: 'no violation' });
});
