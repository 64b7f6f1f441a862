import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorAnswer } from '@dolphin/protocol';
import { startNats } from '../support/nats.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { settledFarm } from './master-support/settled-farm.js';
import { TestMaster } from './master-support/test-master.js';

test('hosts are cordoned, drained, undrained and removed, each with who and why in the log', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const first = await FakeWorker.start(t, { nats: nats.url, farmId, host: 'h1' });
  await FakeWorker.start(t, { nats: nats.url, farmId, host: 'h2' });
  await FakeWorker.start(t, { nats: nats.url, farmId, host: 'h3' });
  await master.until('three hosts', ({ totals }) => totals.hostsUp === 3);
  await master.applied({ total: 6 });
  await master.settled(6);
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await master.request(method, `/api/v1/hosts/${path}`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return OperatorAnswer.parse(answer.body);
  };
  const desired = (host: string, edges: number) =>
    master.until(`${host} has ${edges}`, (view) => {
      return view.settled && view.hosts.some((one) => one.host === host && one.desired === edges);
    });

  const cordoned = await ask('POST', 'h1/cordon', { who: 'me', why: 'a new disk' });
  assert.equal(cordoned.changed, true);
  assert.deepEqual(await ask('POST', 'h1/cordon'), { changed: false, sequence: cordoned.sequence });
  await master.applied({ total: 8 });
  await desired('h1', 2);
  for (const name of first.model.live('stream')) first.model.crowd(name, 1_000);
  const drain = { who: 'me', deadlineMs: 3_600_000 };
  assert.equal((await ask('POST', 'h1/drain', drain)).changed, true);
  const under = await master.until('it drains', ({ hosts: [h1] }) => (h1?.draining?.clientsLeft ?? 0) > 0);
  assert.equal(under.hosts[0]?.draining?.edgesLeft, 2);
  await master.until('the edges drain', ({ edges }) => edges.filter(({ state }) => state === 'draining').length === 2);
  await ask('POST', 'h1/undrain', { who: 'me' });
  const back = await desired('h1', 2);
  assert.ok(back.edges.every(({ generation }) => generation === 1));
  assert.ok(first.commands.some(({ body }) => body.type === 'undrain'));
  assert.ok(first.commands.every(({ body }) => body.type !== 'kill'));

  await ask('POST', 'h1/drain', { who: 'me', deadlineMs: 0 });
  const empty = await desired('h1', 0);
  assert.deepEqual([empty.totals.ready, empty.hosts[0]?.draining?.edgesLeft], [8, 0]);
  const refused = await master.request('DELETE', '/api/v1/hosts/h1');
  assert.deepEqual([refused.status, refused.body.error.code], [409, 'E_HOST_UP']);
  first.silent = true;
  await master.until('it is lost', ({ hosts: [h1] }) => h1?.liveness === 'lost');
  await ask('DELETE', 'h1', { who: 'me' });
  await master.until('it is gone', ({ hosts }) => hosts.length === 2);
  assert.deepEqual(first.model.violations, []);

  const unknown = await master.request('POST', '/api/v1/hosts/h9/drain', {});
  assert.deepEqual([unknown.status, unknown.body.error.code], [404, 'E_NOT_FOUND']);
  const bad = await master.request('POST', '/api/v1/hosts/h2/drain', { deadlineMs: -1 });
  assert.deepEqual([bad.status, bad.body.error.code], [400, 'E_BAD_REQUEST']);
  const asked = (await master.events()).filter(({ type }) => type.startsWith('host-') && type !== 'host-joined');
  assert.deepEqual(
    asked.flatMap(({ type, kind, data }) => (kind === 'operator' ? [`${type} ${data['host']} ${data['who']}`] : [])),
    [
      'host-cordoned h1 me',
      'host-drain-asked h1 me',
      'host-undrain-asked h1 me',
      'host-drain-asked h1 me',
      'host-removed h1 me',
    ],
  );
});

test('an edge is killed, restarted, drained and undrained for an operator', async (t) => {
  const { master, worker } = await settledFarm(t, 2);
  const kill = (edge: string) =>
    master.request('POST', `/api/v1/edges/h1/${edge}/kill`, { who: 'me', why: 'it leaks' });
  const first = OperatorAnswer.parse((await kill('stream-1')).body);
  assert.equal(first.changed, true);
  const again = await master.until(
    'a new generation',
    (view) => view.settled && view.edges.some(({ slot, generation }) => slot === 1 && generation === 2),
  );
  assert.equal(again.totals.ready, 2);
  assert.deepEqual(worker.model.violations, []);
  const ask = async (call: string, body?: object) => {
    const answer = await master.request('POST', `/api/v1/edges/h1/stream-1/${call}`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return OperatorAnswer.parse(answer.body);
  };
  const shows = (what: string, state: string, generation: number) =>
    master.until(what, (view) =>
      view.edges.some(
        (edge) => edge.role === 'stream' && edge.slot === 1 && edge.state === state && edge.generation === generation,
      ),
    );
  worker.model.crowd('stream-1', 1_000);
  await ask('restart', { who: 'me', deadlineMs: 3_600_000 });
  await shows('the old one drains', 'draining', 2);
  assert.equal((await ask('restart', { who: 'me', deadlineMs: 0 })).changed, true);
  await shows('the new one serves', 'ready', 4);
  worker.model.crowd('stream-1', 1_000);
  const drained = await ask('drain', { who: 'me', deadlineMs: 3_600_000 });
  assert.deepEqual(await ask('drain', { deadlineMs: 3_600_000 }), { ...drained, changed: false });
  await shows('it drains', 'draining', 4);
  await ask('undrain', { who: 'me' });
  await shows('it is kept', 'ready', 4);
  await ask('drain', { who: 'me', deadlineMs: 0 });
  const without = await shows('it is drained', 'drained', 4);
  assert.equal(without.totals.desired, 1);
  await ask('undrain');
  await shows('it is back', 'ready', 5);
  assert.deepEqual(worker.model.violations, []);
  const refused = await master.request('POST', '/api/v1/edges/h1/back-source-0/drain', {});
  assert.deepEqual([refused.status, refused.body.error.code], [501, 'E_UNSUPPORTED']);
  assert.equal((await kill('stream-7')).body.error.code, 'E_NOT_FOUND');
  assert.equal((await kill('vod-0')).body.error.code, 'E_BAD_REQUEST');
});
