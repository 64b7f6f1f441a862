import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '@dolphin/cli/domain/status.js';
import { subjectsOf } from '@dolphin/protocol';
import { connect } from 'nats';
import { onCleanup } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { startProcess, type TestProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { hostView } from '../unit/cli/samples.js';
import { cliMain, fakeEdge, fakeFarm, fakeMaster } from './cli-support/fake-farm.js';
import { writeCliFile } from './cli-support/fake-hosts.js';

const samples = (watch: TestProcess): Status[] =>
  watch
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test('--watch hears the leader over NATS, asks a master while it is silent, and Ctrl-C ends it', async (t) => {
  const [dir, nats] = [await tempDir(t), await startNats(t)];
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 1 })], { hosts: [hostView({ desired: 1 })] });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  writeCliFile(dir, { api: [master], nats: nats.url, runDir: dir });
  const bus = await connect({ servers: nats.url });
  let term: number | null = 3;
  const tell = () => {
    if (term !== null)
      bus.publish(subjectsOf('main').farm, JSON.stringify({ ...view, leader: { master: 'm1', term } }));
    bus.publish(subjectsOf('main').farm, '{"farm":');
  };
  const telling = setInterval(tell, 100);
  onCleanup(t, async () => {
    clearInterval(telling);
    await bus.close();
  });
  const watch = startProcess(t, process.execPath, [cliMain, '--dir', dir, 'status', '--watch', '--json']);
  const until = (what: string, is: (status: Status | undefined) => boolean) =>
    eventually(() => is(samples(watch).at(-1)), { what });
  await until('the leader is heard', (status) => status?.source.address === nats.url);
  assert.deepEqual([samples(watch).at(-1)?.level, samples(watch).at(-1)?.source.type], ['serving', 'master']);
  term = null;
  await until('a master is asked', (status) => status?.source.address === master);
  await watch.printed(/no leader is heard over NATS: others are asked\n/);
  term = 4;
  await until('the leader is heard again', (status) => status?.farm.leader?.term === 4);
  await watch.printed(/the leader is heard over NATS again\n/);
  assert.deepEqual(await watch.stop('SIGINT'), { code: 0, signal: null });
});

test('--watch without NATS says so once, and goes on with the masters', async (t) => {
  const dir = await tempDir(t);
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 1 })], { hosts: [hostView({ desired: 1 })] });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  writeCliFile(dir, { api: [master], nats: `nats://127.0.0.1:${await freePort()}`, runDir: dir });
  const watch = startProcess(t, process.execPath, [cliMain, '--dir', dir, 'status', '--watch', '--json']);
  await eventually(() => samples(watch).length >= 2, { what: 'two samples' });
  assert.ok(samples(watch).every(({ level, source }) => level === 'serving' && source.address === master));
  await watch.stop('SIGINT');
  assert.match(watch.stderr(), /^dolphin-cli: E_BUS_UNAVAILABLE: .*; masters are asked instead\n$/);
});
