import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FarmView, subjectsOf } from '@dolphin/protocol';
import { connect, headers } from 'nats';
import { onCleanup } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { freeze, run } from '../support/processes.js';
import { FakeWorker } from './master-support/fake-worker.js';
import { settledFarm } from './master-support/settled-farm.js';
import { TestMaster } from './master-support/test-master.js';

test('while NATS is away the master answers reads, refuses applies in time, and goes on when it is back', async (t) => {
  const { nats, master } = await settledFarm(t, 2);
  await nats.crash();
  await master.until('it knows', (view) => !view.connected);
  const refused = await master.apply({ perHost: 3 });
  assert.deepEqual([refused.status, refused.body.error.code], [503, 'E_BUS_UNAVAILABLE']);
  assert.equal((await master.request('GET', '/api/v1/events')).body.error.code, 'E_BUS_UNAVAILABLE');
  assert.equal((await master.request('GET', '/readyz')).status, 503);
  assert.equal((await master.request('GET', '/healthz')).status, 200);
  const view = await master.view();
  assert.equal(view.edges.length, 3);
  assert.equal(view.hosts[0]?.liveness, 'up', 'its own silence is no silence of hosts');
  await nats.restart();
  await eventually(async () => (await master.apply({ perHost: 3 })).status === 200, { what: 'applied again' });
  await master.settled(3);
  const types = (await master.events()).map((row) => row.type);
  assert.ok(!types.includes('host-lost') && !types.includes('host-unmanaged'), types.join());
});

test('while NATS hangs, an apply is answered, too', async (t) => {
  const { nats, master } = await settledFarm(t, 1);
  await freeze(nats.process().pid);
  const calls = await Promise.all([master.apply({ perHost: 2 }), master.apply({ perHost: 3 })]);
  nats.process().kill('SIGCONT');
  for (const { status, body } of calls) assert.equal(status, 503, JSON.stringify(body));
  await eventually(async () => (await master.apply({ perHost: 4 })).status === 200, { what: 'applied again' });
  await master.settled(4);
});

test('a master that is started without NATS waits for it', async (t) => {
  const nats = await startNats(t);
  await nats.crash();
  const master = await TestMaster.start(t, { nats: nats.url });
  assert.equal((await master.view()).connected, false);
  assert.equal((await master.request('POST', '/api/v1/init', {})).body.error.code, 'E_BUS_UNAVAILABLE');
  await nats.restart();
  await master.init();
  await master.leads();
});

test('garbage in heartbeats, stats and answers is counted, and the farm goes on', async (t) => {
  const { nats, master, farmId } = await settledFarm(t, 1);
  const bus = await connect({ servers: nats.url });
  onCleanup(t, () => bus.close());
  const subjects = subjectsOf('main');
  const host = { farmId, host: 'h1', epoch: 1, at: new Date().toISOString(), address: 'x', upTo: 0, pod: null };
  const bad: [string, string | Uint8Array][] = [
    [subjects.heartbeat('h1'), randomBytes(300)],
    [subjects.heartbeat('h1'), ''],
    [subjects.heartbeat('h1'), 'null'],
    [subjects.heartbeat('h1'), '[['.repeat(50_000)],
    [subjects.heartbeat('h1'), JSON.stringify({ ...host, epoch: -1 })],
    [subjects.heartbeat('h1'), JSON.stringify({ ...host, farmId: randomUUID() })],
    [subjects.heartbeat('h1'), JSON.stringify({ ...host, host: 'h2' })],
    [subjects.stats('h1'), randomBytes(300)],
    [subjects.stats('constructor'), '{}'],
    ['dolphin.main.heartbeat.Not_A_Name', JSON.stringify(host)],
  ];
  for (const [subject, data] of bad) bus.publish(subject, data);
  // Names by the thousand: strangers are counted, not kept.
  for (let index = 0; index < 1_000; index++) {
    bus.publish(subjects.heartbeat(`s${index}`), JSON.stringify({ ...host, host: `s${index}` }));
  }
  await bus.flush();
  await master.applied({ perHost: 2 });
  const isUp = ({ hosts }: FarmView) => hosts.find(({ host }) => host === 'h1')?.liveness === 'up';
  const view = await master.until('two edges', (one) => one.totals.ready === 2 && one.settled && isUp(one));
  assert.ok(view.hosts.length <= 201, `${view.hosts.length} hosts`);
  assert.match(master.process.output(), /a heartbeat cannot be read/);
  assert.ok(master.process.output().split('\n').length < 100, 'it speaks at intervals');
});

test('a log entry that cannot be decoded makes the master show, not lead, and not die', async (t) => {
  const { nats, master, worker } = await settledFarm(t, 1);
  const bus = await connect({ servers: nats.url });
  onCleanup(t, () => bus.close());
  const id = headers();
  id.set('Nats-Msg-Id', 'of a newer version');
  bus.publish(subjectsOf('main').logHost('h9'), 'from a newer version', { headers: id });
  const view = await master.until('read-only', (one) => one.master.state === 'read-only');
  assert.equal(view.master.problem?.code, 'E_LOG_UNREADABLE');
  assert.equal((await master.request('GET', '/readyz')).body.error.code, 'E_LOG_UNREADABLE');
  const { error } = (await master.apply({ perHost: 3 })).body;
  assert.equal(error.code, 'E_LOG_UNREADABLE');
  assert.equal(worker.spawned.length, 2);
  assert.ok((await master.events()).length > 3);
  const { upTo, lastSequence } = (await master.request('GET', '/api/v1/events?limit=1000')).body;
  assert.deepEqual([upTo, lastSequence], [view.sequence, view.sequence], 'a reader of events gets past it');
});

test('a snapshot that is there, gone or damaged gives the same farm', async (t) => {
  const { master } = await settledFarm(t, 2);
  const of = async () => {
    const { spec, specVersion, farmId, leader } = await master.leads();
    return { spec, specVersion, farmId, term: leader?.term };
  };
  const snapshot = join(master.stateDir, 'fold.json');
  const before = await of();
  await master.process.stop('SIGTERM');
  await master.restart();
  assert.deepEqual(await of(), { ...before, term: 2 });
  await master.process.stop('SIGTERM');
  await rm(snapshot);
  await master.restart();
  assert.deepEqual(await of(), { ...before, term: 3 });
  await master.process.stop('SIGTERM');
  await writeFile(snapshot, '{"buildId":');
  await master.restart();
  assert.deepEqual(await of(), { ...before, term: 4 });
  await master.settled(2);
  const assigned = (await master.events()).filter((row) => row.type === 'edge-assigned');
  assert.equal(assigned.length, 3, 'nothing was decided again');
});

test('a master whose log is gone refuses to lead, shows why, and says the way back', async (t) => {
  const { nats, master, worker, farmId } = await settledFarm(t, 1);
  await nats.crash();
  await rm(join(nats.storeDir, 'jetstream'), { recursive: true });
  await nats.restart();
  const view = await master.until('it sees', (one) => one.master.problem !== undefined);
  assert.equal(view.master.problem?.code, 'E_LOG_LOST');
  assert.match(
    view.master.problem?.message ?? '',
    /put back the JetStream store.*init --adopt-running.*move their directories away/,
  );
  assert.equal(view.edges.length, 2, 'what it knew is shown');
  assert.equal((await master.request('GET', '/api/v1/events')).body.error.code, 'E_LOG_LOST');
  const before = worker.commands.length;
  for (const path of ['/api/v1/init', '/api/v1/apply']) {
    const body = path.endsWith('init') ? {} : { spec: { edges: { perHost: 2 }, origins: ['127.0.0.1:1935'] } };
    const { status, body: answer } = await master.request('POST', path, body);
    assert.deepEqual([status, answer.error.code], [503, 'E_LOG_LOST']);
  }
  await master.kill();
  await master.restart();
  await master.until('still', (one) => one.master.problem?.code === 'E_LOG_LOST');
  assert.equal(worker.commands.length, before, 'no edge was touched');

  const named = await master.request('POST', '/api/v1/init', { adoptRunning: true, farmId: randomUUID() });
  assert.deepEqual([named.status, named.body.error.code], [409, 'E_FARM_MISMATCH']);
  const begun = await eventually(
    async () => {
      const { status, body } = await master.request('POST', '/api/v1/init', { adoptRunning: true, who: 'me' });
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body;
    },
    { what: 'a log for what runs' },
  );
  assert.equal(begun.farmId, farmId);
  // As a worker does that finds its farm again.
  worker.model.epoch++;
  await worker.join();
  const generations = ({ edges }: FarmView) => edges.map(({ role, slot, generation }) => [role, slot, generation]);
  const adopted = await master.until(
    'the edges are its own',
    ({ edges }) => edges.length === 2 && edges.every(({ state }) => state === 'ready'),
  );
  assert.deepEqual([generations(adopted), adopted.specVersion], [generations(view), 0]);
  await eventually(async () => (await master.apply({ perHost: 1 })).status === 200, { what: 'applied' });
  await master.settled(1);
  assert.ok(
    worker.commands.slice(before).every(({ body }) => body.type === 'adopt'),
    'no edge was touched',
  );
  assert.equal((await master.request('POST', '/api/v1/init', { adoptRunning: true })).body.error.code, 'E_FARM_EXISTS');
});

test("a master whose log is another farm's says so, and shows", async (t) => {
  const { nats, master, farmId } = await settledFarm(t, 1);
  await nats.crash();
  await rm(join(nats.storeDir, 'jetstream'), { recursive: true });
  await nats.restart();
  const other = await TestMaster.start(t, { nats: nats.url, id: 'm2' });
  const fresh = await other.init();
  assert.notEqual(fresh.farmId, farmId);
  const mismatch = await master.until('mismatch', (one) => one.master.problem?.code === 'E_FARM_MISMATCH');
  assert.equal(mismatch.master.state, 'read-only');
});

test('a master whose log is configured otherwise says how to mend it, and ends', async (t) => {
  const { nats, master } = await settledFarm(t, 1);
  await master.process.stop();
  const bus = await connect({ servers: nats.url });
  onCleanup(t, () => bus.close());
  const { logStream } = subjectsOf('main');
  const { config } = (await bus.request(`$JS.API.STREAM.INFO.${logStream}`)).json<{ config: object }>();
  await bus.request(`$JS.API.STREAM.UPDATE.${logStream}`, JSON.stringify({ ...config, discard: 'old' }));
  const args = ['--nats', nats.url, '--redis', '', '--listen', '127.0.0.1:0', '--state-dir', master.stateDir];
  const { code, stderr } = await run(t, fromRoot('bin/dolphin-master'), args);
  assert.equal(code, 78);
  assert.match(stderr, /discard is "old", not "new"; change it/);
});

test('when the log lost its tail, what is left is folded again and a leader is elected above every term', async (t) => {
  const { nats, master, worker } = await settledFarm(t, 2);
  const store = join(nats.storeDir, 'jetstream');
  const copy = join(master.stateDir, 'copy');
  await nats.process().stop('SIGTERM');
  await cp(store, copy, { recursive: true });
  await nats.restart();
  await master.leads();
  await eventually(async () => (await master.apply({ perHost: 3 })).status === 200, { what: 'applied' });
  const { leader } = await master.settled(3);
  await nats.crash();
  await rm(store, { recursive: true });
  await cp(copy, store, { recursive: true });
  await nats.restart();
  const before = leader?.term ?? 0;
  await master.until(
    'a higher term, of what is left',
    (one) => one.master.state === 'leader' && one.specVersion === 1 && (one.leader?.term ?? 0) > before,
  );
  const shown = await master.until('the third edge', (one) => one.edges.some((edge) => edge.state === 'unknown'));
  assert.equal(shown.edges.find((edge) => edge.state === 'unknown')?.slot, 2);
  assert.deepEqual(worker.model.live('stream').sort(), ['stream-0', 'stream-1', 'stream-2'], 'nothing was killed');
});

test('a host that falls silent is unmanaged while its port accepts, lost when not, and returned when heard', async (t) => {
  const { createServer } = await import('node:net');
  const nats = await startNats(t);
  const master = await TestMaster.start(t, { nats: nats.url });
  const { farmId } = await master.init();
  const server = createServer((socket) => socket.destroy());
  const rtmp = await freePort();
  await new Promise<void>((resolve) => server.listen(rtmp, '127.0.0.1', resolve));
  const worker = await FakeWorker.start(t, { nats: nats.url, farmId, rtmp });
  await master.applied({ perHost: 1 });
  await master.settled(1);
  const liveness = (wanted: string) => master.until(wanted, (view) => view.hosts[0]?.liveness === wanted);
  // Suspect is two seconds long: who asks may miss it, who listens does not.
  const told = new Set<string | undefined>();
  const bus = await connect({ servers: nats.url });
  onCleanup(t, () => bus.close());
  bus.subscribe(subjectsOf('main').farm, {
    callback: (_, message) => void told.add(message.json<FarmView>().hosts[0]?.liveness),
  });
  await bus.flush();
  worker.silent = true;
  await eventually(() => told.has('suspect'), { what: 'suspect' });
  await liveness('unmanaged');
  await new Promise((resolve) => server.close(resolve));
  await liveness('lost');
  worker.silent = false;
  await liveness('up');
  await master.settled(1);
  const types = (await master.events()).map((row) => row.type).filter((type) => /^host-(unm|lost|ret)/.test(type));
  assert.deepEqual(types, ['host-unmanaged', 'host-lost', 'host-returned']);
});
