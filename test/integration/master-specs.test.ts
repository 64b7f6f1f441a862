import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplyAnswer, PlanAnswer, SpecHistory } from '@dolphin/protocol';
import { startNats } from '../support/nats.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { specOf, TestMaster } from './master-support/test-master.js';

test('a specification is planned, applied, found in the history and gone back to', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  await FakeWorker.start(t, { nats: nats.url, farmId });
  await master.applied({ perHost: 2 });
  const { sequence } = await master.settled(2);

  const planned = await master.request('POST', '/api/v1/plan', { spec: specOf({ perHost: 3 }) });
  const plan = PlanAnswer.parse(planned.body);
  assert.deepEqual(plan.differences, [{ field: 'edges.perHost', from: 2, to: 3 }]);
  const why = 'the specification asks for it';
  assert.deepEqual(plan.steps, [{ action: 'assign', host: 'h1', role: 'stream', slot: 2, why }]);
  const dry = await master.request('POST', '/api/v1/apply?dryRun=1', { spec: specOf({ perHost: 3 }) });
  assert.deepEqual(PlanAnswer.parse(dry.body), plan);
  assert.equal((await master.view()).sequence, sequence, 'nothing was written');
  const changed = await master.request('POST', '/api/v1/plan', { spec: specOf({ perHost: 3 }) }, { 'if-match': '"7"' });
  assert.deepEqual([changed.status, changed.body.error.code], [412, 'E_SPEC_CHANGED']);

  await master.applied({ perHost: 3 });
  await master.settled(3);
  const rollback = (to: number, headers = {}) => master.request('POST', '/api/v1/rollback', { to, who: 'me' }, headers);
  assert.deepEqual((await rollback(1, { 'if-match': '"1"' })).body.error.code, 'E_SPEC_CHANGED');
  assert.equal((await rollback(9)).body.error.code, 'E_NOT_FOUND');
  const back = ApplyAnswer.parse((await rollback(1)).body);
  assert.deepEqual([back.changed, back.specVersion], [true, 3]);
  await master.settled(2);
  assert.deepEqual(ApplyAnswer.parse((await rollback(1)).body), { ...back, changed: false });

  await master.restart();
  await master.until('it has read the log', ({ specVersion }) => specVersion === 3);
  const { versions } = SpecHistory.parse((await master.request('GET', '/api/v1/history')).body);
  assert.deepEqual(
    versions.map(({ version, spec, who, rollbackOf }) => [version, spec.edges, who, rollbackOf]),
    [
      [3, { perHost: 2 }, 'me', 1],
      [2, { perHost: 3 }, 'test', undefined],
      [1, { perHost: 2 }, 'test', undefined],
    ],
  );
});
