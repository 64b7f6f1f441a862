import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command, type FarmView, subjectsOf } from '@dolphin/protocol';
import { connect } from 'nats';
import { onCleanup } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { settledFarm } from './master-support/settled-farm.js';
import { specOf, TestMaster } from './master-support/test-master.js';

test('a farm is created once, applied, decided, commanded, and seen in the view and the events', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  await eventually(async () => (await master.apply({ perHost: 1 })).body.error.code === 'E_NO_FARM', {
    what: 'there is no farm yet',
  });
  const { farmId } = await master.init();
  const again = await master.request('POST', '/api/v1/init', {});
  assert.deepEqual([again.status, again.body.error.code], [409, 'E_FARM_EXISTS']);

  const worker = await FakeWorker.start(t, { nats: nats.url, farmId });
  const first = await master.applied({ perHost: 4 });
  assert.deepEqual([first.changed, first.specVersion], [true, 1]);
  const view = await master.settled(4);
  assert.equal(view.edges.length, 5);
  assert.deepEqual(worker.spawned.sort(), ['back-source-0', 'stream-0', 'stream-1', 'stream-2', 'stream-3']);

  const same = await master.applied({ perHost: 4 });
  assert.deepEqual(same, { changed: false, specVersion: 1, sequence: first.sequence });
  const stale = await master.apply({ perHost: 5 }, { 'if-match': '"7"' });
  assert.deepEqual([stale.status, stale.body.error.code], [412, 'E_SPEC_CHANGED']);
  assert.equal((await master.apply({ perHost: 3 }, { 'if-match': '"1"' })).status, 200);
  await master.settled(3);

  const events = await master.events();
  const [created, applied] = ['farm-created', 'farm-applied'].map((type) => events.find((row) => row.type === type));
  assert.equal(created?.sequence, 1);
  const assigned = events.filter((row) => row.type === 'edge-assigned');
  assert.equal(assigned.length, 5);
  assert.ok(assigned.every((row) => row.correlationId === applied?.id));
  const page = await master.request('GET', `/api/v1/events?after=${applied?.sequence}&limit=1`);
  assert.ok(page.body.events.every((row) => row.sequence === page.body.events[0]?.sequence));
});

test('a spawn that a host refuses shows its reason at the edge, until the farm is asked for what the host has', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const worker = await FakeWorker.start(t, { nats: nats.url, farmId });
  await master.applied({ perHost: 0 });
  const message = 'engine nope is not configured on this host';
  worker.refusesSpawns = { code: 'E_ENGINE_UNKNOWN', message };
  await master.applied({ perHost: 2 }, { engine: 'nope' });
  const refused = await master.until('every edge is refused', ({ edges }) => {
    return edges.length === 3 && edges.every(({ refusal }) => refusal !== undefined);
  });
  const [edge] = refused.edges;
  assert.deepEqual([edge?.state, edge?.refusal], ['assigned', { code: 'E_ENGINE_UNKNOWN', message }]);

  assert.equal((await master.apply({ perHost: 2 }, {}, { engine: 'builtin' })).body.error.code, 'E_NOT_YET');
  await master.applied({ perHost: 0 }, { engine: 'builtin' });
  await master.settled(0);
  worker.refusesSpawns = null;
  await master.applied({ perHost: 2 }, { engine: 'builtin' });
  const view = await master.settled(2);
  assert.ok(view.edges.every(({ engine, refusal }) => engine === 'builtin' && refusal === undefined));
});

test('from 4 to 8 edges, four spawn commands go over the bus, with term and sequence, each once', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  await FakeWorker.start(t, { nats: nats.url, farmId });
  await master.applied({ perHost: 4 });
  const before = await master.settled(4);

  const tap = await connect({ servers: nats.url });
  onCleanup(t, () => tap.close());
  const seen: Command[] = [];
  tap.subscribe('dolphin.main.command.>', { callback: (_, message) => void seen.push(Command.parse(message.json())) });
  await tap.flush();
  await master.applied({ perHost: 8 });
  await master.settled(8);
  // Longer than anything is sent again after.
  await master.until('time passed', (view) => Date.parse(view.at) - Date.parse(before.at) > 4_500);
  const slots = seen.map(({ body }) => (body.type === 'spawn' ? body.edge.slot : body.type));
  assert.deepEqual(slots, [4, 5, 6, 7]);
  assert.ok(seen.every((command) => command.term === 1 && command.sequence > before.sequence && command.epoch === 1));
});

test('the aggregate is published every second and on change, with sequence and term', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  await master.init();
  await master.leads();
  const tap = await connect({ servers: nats.url });
  onCleanup(t, () => tap.close());
  const views: FarmView[] = [];
  tap.subscribe(subjectsOf('main').farm, { callback: (_, message) => void views.push(message.json()) });
  await tap.flush();
  await eventually(() => views.length >= 2, { what: 'two aggregates' });
  // Sooner than the next second. A busy machine may be late, or a change come just before the second: then once more.
  let perHost = 0;
  await eventually(
    async () => {
      const { sequence, specVersion } = await master.applied({ perHost: ++perHost });
      const told = await eventually(() => views.find((view) => view.specVersion === specVersion), {
        what: 'the change is told',
      });
      assert.deepEqual([told.sequence, told.leader?.term], [sequence, 1]);
      const before = views[views.indexOf(told) - 1];
      return before && Date.parse(told.at) - Date.parse(before.at) < 700;
    },
    { what: 'a change is told at once' },
  );
});

test('a master that is killed between decision and command leaves nothing undone and nothing doubled', async (t) => {
  const { master, worker } = await settledFarm(t, 2);
  worker.obeys = false;
  await master.applied({ perHost: 6 });
  await eventually(() => worker.spawned.includes('stream-5'), { what: 'the spawns are on their way' });
  await master.kill();
  worker.obeys = true;
  await master.restart();
  const view = await master.settled(6);
  assert.equal(view.leader?.term, 2);
  assert.ok(view.edges.every((edge) => edge.generation === 1));
  const assigned = (await master.events()).filter((row) => row.type === 'edge-assigned');
  assert.equal(assigned.length, 7, 'each edge was decided once');
});

test('killed at any moment of an apply, the farm converges', async (t) => {
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const worker = await FakeWorker.start(t, { nats: nats.url, farmId });
  const wishes = [3, 1, 5];
  for (const [round, perHost] of wishes.entries()) {
    await master.leads();
    const asked = master.apply({ perHost }).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, 2 + round * 6));
    await master.kill();
    await asked;
    await master.restart();
    // Whether the killed one had stored it or not, asking again is safe.
    await eventually(async () => (await master.apply({ perHost })).status === 200, { what: 'applied' });
    await master.settled(perHost);
  }
  assert.deepEqual(worker.model.violations, []);
  assert.equal((await master.view()).specVersion, 3);
});

test('a specification that is refused is not stored', async (t) => {
  const { master } = await settledFarm(t, 1);
  const code = async (body: unknown) => (await master.request('POST', '/api/v1/apply', body)).body.error.code;
  assert.equal(await code({ spec: { ...specOf({ perHost: 65 }) } }), 'E_SPEC_INVALID');
  assert.equal(await code({ spec: { ...specOf({ perHost: 1 }), colour: 'red' } }), 'E_SPEC_INVALID');
  assert.equal(await code({ spec: { ...specOf({ perHost: 1 }), engine: 'srs5' } }), 'E_NOT_YET');
  assert.equal(await code({ spec: { ...specOf({ perHost: 1 }), ports: { streamApi: 1936 } } }), 'E_SPEC_INVALID');
  assert.equal((await master.view()).specVersion, 1);
});
