import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { freeze } from '../support/processes.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { TestMaster } from './master-support/test-master.js';

/** Three masters of one farm; the first leads. */
async function masters(t: TestContext) {
  const nats = await startNats(t);
  const leader = await TestMaster.start(t, { nats: nats.url, id: 'm1' });
  const { farmId } = await leader.init();
  await leader.leads();
  const others = await Promise.all(['m2', 'm3'].map((id) => TestMaster.start(t, { nats: nats.url, id })));
  for (const other of others) {
    await other.until('it follows', ({ master, leader: told }) => master.state === 'follower' && told?.master === 'm1');
  }
  const worker = await FakeWorker.start(t, { nats: nats.url, farmId });
  return { leader, others, worker };
}

/** The one of several that leads, when one does. */
function leaderAmong(all: readonly TestMaster[]): Promise<TestMaster> {
  return eventually(
    async () => {
      const views = await Promise.all(all.map((master) => master.view()));
      const leading = all.filter((_, index) => views[index]?.master.state === 'leader');
      return leading.length === 1 && leading[0];
    },
    { what: 'one of the masters leads', pollMs: 50 },
  );
}

test('followers show the same farm as the leader, and take what operators ask', async (t) => {
  const { leader, others, worker } = await masters(t);
  const [second, third] = others as [TestMaster, TestMaster];
  await second.applied({ perHost: 2 });
  for (const master of [leader, second, third]) await master.settled(2);
  assert.equal((await third.request('GET', '/readyz')).body.ok, true);
  const events = await Promise.all([leader, second, third].map((master) => master.events()));
  assert.deepEqual(events[1], events[0]);
  assert.deepEqual(events[2], events[0]);
  const message = 'engine nope is not configured on this host';
  worker.refusesSpawns = { code: 'E_ENGINE_UNKNOWN', message };
  await third.applied({ perHost: 3 });
  const refused = await second.until('the refusal is shown', ({ edges }) => edges.some(({ refusal }) => refusal));
  assert.deepEqual(refused.edges.at(-1)?.refusal, { code: 'E_ENGINE_UNKNOWN', message });
  assert.equal(refused.master.state, 'follower');
});

test('a leader that is killed is followed by one of the others, which decides nothing twice', async (t) => {
  const { leader, others, worker } = await masters(t);
  await leader.applied({ perHost: 2 });
  await leader.settled(2);
  worker.obeys = false;
  await leader.applied({ perHost: 4 });
  await eventually(() => worker.spawned.includes('stream-3'), { what: 'the spawns are on their way' });
  await leader.kill();
  worker.obeys = true;
  const next = await leaderAmong(others);
  const view = await next.settled(4);
  assert.equal(view.leader?.term, 2);
  assert.ok(view.edges.every((edge) => edge.generation === 1));
  await leader.restart();
  await leader.until('it follows', ({ master }) => master.state === 'follower');
  const assigned = (await leader.events()).filter((row) => row.type === 'edge-assigned');
  assert.equal(assigned.length, 5, 'each edge was decided once');
  assert.deepEqual(worker.model.violations, []);
});

test('a leader that was frozen while another took over decides nothing when it wakes, and follows', async (t) => {
  const { leader, others, worker } = await masters(t);
  await others[0]?.applied({ perHost: 1 });
  await leader.settled(1);
  await freeze(leader.process.pid);
  const next = await leaderAmong(others);
  await next.applied({ perHost: 3 });
  await next.settled(3);
  leader.process.kill('SIGCONT');
  await leader.until('it follows', ({ master, leader: told }) => master.state === 'follower' && told?.term === 2);
  await leader.applied({ perHost: 2 });
  await next.settled(2);
  await leader.settled(2);
  const decided = (await leader.events()).filter(({ kind }) => kind === 'decision');
  const elected = decided.findIndex(({ type, data }) => type === 'leader-elected' && data['term'] === 2);
  assert.ok(decided.slice(elected).every(({ by }) => by !== 'm1'));
  assert.equal(decided.filter(({ type }) => type === 'leader-elected').length, 2);
  assert.deepEqual(worker.model.violations, []);
});

test('what is applied at two masters at once is stored once each, in one order', async (t) => {
  const { leader, others } = await masters(t);
  const all = [leader, ...others];
  const calls = Array.from({ length: 12 }, (_, index) => all[index % 3]?.apply({ perHost: index + 1 }));
  const answers = (await Promise.all(calls)).flatMap((answer) => answer ?? []);
  const stored = answers.filter((answer) => answer.status === 200).map((answer) => answer.body.specVersion);
  const refused = answers.filter((answer) => answer.status !== 200).map((answer) => answer.body.error.code);
  assert.equal(new Set(stored).size, stored.length, 'each spec version once');
  assert.ok(
    refused.every((code) => code === 'E_LOG_CONFLICT' || code === 'E_BUS_UNAVAILABLE'),
    refused.join(),
  );
  assert.ok(stored.length > 0);
  const applied = (await leader.events()).filter((row) => row.type === 'farm-applied');
  assert.deepEqual(
    applied.map((row) => row.data['specVersion']),
    applied.map((_, index) => index + 1),
  );
  const { specVersion } = await leader.view();
  const matched = await Promise.all(
    others.map((master) => master.apply({ perHost: 40 }, { 'if-match': `"${specVersion}"` })),
  );
  const won = matched.filter(({ status }) => status === 200).length;
  assert.equal(won, 1, 'of two that saw the same version, one');
});
