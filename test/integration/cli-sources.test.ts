import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Status } from '@dolphin/cli/domain/status.js';
import type { TestScope } from '../support/cleanup.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { farmView, hostView } from '../unit/cli/samples.js';
import { cliMain, fakeEdge, fakeFarm, fakeMaster } from './cli-support/fake-farm.js';
import { FARM_ID, fakePodSocket, fakeWorker, heartbeat, podState, writeCliFile } from './cli-support/fake-hosts.js';

const nobody = async (scheme: 'http' | 'nats') => `${scheme}://127.0.0.1:${await freePort()}`;

/** Runs the CLI with nothing but these words, in a directory of its own. */
async function cli(t: TestScope, args: readonly string[], more: { cwd?: string; env?: Record<string, string> } = {}) {
  const env = { PATH: process.env['PATH'] ?? '', TZ: 'UTC', ...more.env };
  return run(t, process.execPath, [cliMain, ...args], { env, cwd: more.cwd ?? (await tempDir(t)) });
}

const edgesOf = (stdout: string) =>
  (JSON.parse(stdout) as Status).edges.map(({ host, name, serving, clients }) => [host, name, serving, clients]);

test('without a master the workers tell, over NATS, and it is said that they do', async (t) => {
  const [dir, nats] = [await tempDir(t), await startNats(t)];
  writeCliFile(dir, { api: [await nobody('http')], nats: nats.url, runDir: dir });
  const one = heartbeat('h1', podState('h1', [await fakeEdge(t, { pid: 5001, clients: 2 })]));
  const two = heartbeat('h2', podState('h2', [await fakeEdge(t, { pid: 5001, clients: 1 })]));
  await fakeWorker(t, nats.url, one, { what: 'state', heartbeat: one });
  await fakeWorker(t, nats.url, two, null);

  const { code, stdout, stderr } = await cli(t, ['--dir', dir, 'status', '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const status = JSON.parse(stdout) as Status;
  assert.deepEqual([status.source.type, status.source.address, status.level], ['workers', nats.url, 'serving']);
  assert.match(status.source.tried[0]?.why ?? '', /^the master at http:.* does not answer: connect ECONNREFUSED/);
  assert.ok(status.source.ageMs !== null);
  assert.deepEqual([status.farm.farmId, status.farm.master, status.farm.settled], [FARM_ID, null, null]);
  assert.deepEqual(edgesOf(stdout), [
    ['h1', 'stream-0', true, 2],
    ['h2', 'stream-0', true, 1],
  ]);
  const silent = status.problems.find(({ about }) => about === 'h2');
  assert.equal(silent?.why, 'its worker does not answer: shown is what it said last');
  assert.ok(silent?.ageMs !== undefined);

  const words = await cli(t, ['--dir', dir, 'status']);
  assert.match(words.stdout, /^farm main: serving; as the workers tell it, .* ago\n/);
  assert.match(words.stdout, /^! farm: no master tells of it/m);
  for (const line of words.stdout.split('\n')) assert.ok(line.length <= 80, line);
});

test('without NATS the pod of this machine tells', async (t) => {
  const dir = await tempDir(t);
  writeCliFile(dir, { api: [await nobody('http')], nats: await nobody('nats'), runDir: dir });
  await fakePodSocket(t, dir, podState('h1', [await fakeEdge(t, { pid: 5001, clients: 2 })]));
  const { code, stdout } = await cli(t, ['--dir', dir, 'status', '--json']);
  const status = JSON.parse(stdout) as Status;
  assert.deepEqual([code, status.source.type, status.source.ageMs], [0, 'direct', 0], stdout);
  assert.deepEqual(
    status.source.tried.map(({ type }) => type),
    ['master', 'workers'],
  );
  assert.deepEqual(edgesOf(stdout), [['h1', 'stream-0', true, 2]]);
});

test('without its pod, too, what this machine was told to run is shown, with its age, and the edges are asked', async (t) => {
  const dir = await tempDir(t);
  writeCliFile(dir, { api: [await nobody('http')], nats: await nobody('nats'), runDir: dir });
  const api = await fakeEdge(t, { pid: 5001, clients: 2 });
  const edge = (slot: number, port: number) => ({
    ...{ role: 'stream', slot, generation: 1, engine: 'builtin', origins: ['127.0.0.1:1935'] },
    ports: { rtmp: 1936 + slot, http: 18081 + slot, api: port },
  });
  const slots = [
    { wanted: edge(0, Number(new URL(api).port)) },
    { wanted: edge(1, await freePort()) },
    { wanted: null },
  ];
  writeFileSync(join(dir, 'host.json'), JSON.stringify({ v: 1, host: 'h1', farmId: null, term: 1, slots }));
  const { code, stdout } = await cli(t, ['--dir', dir, 'status', '--json']);
  assert.deepEqual(edgesOf(stdout), [
    ['h1', 'stream-0', true, 2],
    ['h1', 'stream-1', false, 0],
  ]);
  const status = JSON.parse(stdout) as Status;
  assert.deepEqual([code, status.level], [1, 'degraded']);
  const pod = status.problems.find(({ about, ageMs }) => about === 'h1' && ageMs !== undefined);
  assert.match(pod?.why ?? '', /^its pod does not answer \(.*\): shown is what it was told to run$/);
});

test('nobody at all: exit 3, and each that was asked is named', async (t) => {
  const dir = await tempDir(t);
  writeCliFile(dir, { api: [await nobody('http')], nats: await nobody('nats'), runDir: join(dir, 'worker') });
  const { code, stdout, stderr } = await cli(t, ['--dir', dir, 'status']);
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(
    stderr,
    /unknown: the master at .*\n.*unknown: NATS does not answer: .*\n.*unknown: the pod of this machine at /,
  );
  const json = JSON.parse((await cli(t, ['--dir', dir, 'status', '--json'])).stdout);
  assert.deepEqual([json.level, json.error.code], ['unknown', 'E_UNREACHABLE']);
  assert.deepEqual(
    json.tried.map(({ type }: { type: string }) => type),
    ['master', 'workers', 'direct'],
  );
});

test('NATS without a worker says so, and --source asks nobody else', async (t) => {
  const [dir, nats] = [await tempDir(t), await startNats(t)];
  writeCliFile(dir, { api: [await nobody('http')], nats: nats.url, runDir: dir });
  const { code, stderr } = await cli(t, ['--dir', dir, 'status', '--source', 'workers']);
  assert.equal(code, 3);
  assert.match(stderr, /^dolphin-cli: unknown: every worker of farm main at nats:.*: no heartbeat within \d+ ms\n$/);
});

test('a master that knows nothing is passed over for a pod that knows more', async (t) => {
  const dir = await tempDir(t);
  const view = farmView({ connected: false, farmId: null, spec: null, leader: null, hosts: [], edges: [] });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  writeCliFile(dir, { api: [master], nats: await nobody('nats'), runDir: dir });
  const alone = await cli(t, ['--dir', dir, 'status', '--json']);
  assert.deepEqual([alone.code, JSON.parse(alone.stdout).source.type], [3, 'master']);
  await fakePodSocket(t, dir, podState('h1', [await fakeEdge(t, { pid: 5001, clients: 2 })]));
  const more = await cli(t, ['--dir', dir, 'status', '--json']);
  assert.deepEqual([more.code, JSON.parse(more.stdout).source.type], [0, 'direct']);
});

test('the farm is that of --dir, else of DOLPHIN_DIR, else of .dolphin, unless a master is named', async (t) => {
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 0 })], { hosts: [hostView({ desired: 1 })] });
  const place = async (farm: string) => {
    const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: { ...view, farm } }) });
    const top = await tempDir(t);
    const dir = join(top, '.dolphin');
    await run(t, 'mkdir', [dir]);
    writeCliFile(dir, { api: [master], nats: await nobody('nats'), runDir: dir });
    return { top, dir, master };
  };
  const [one, two, three] = [await place('one'), await place('two'), await place('three')];
  const farm = async (args: readonly string[], env: Record<string, string> = {}) =>
    JSON.parse((await cli(t, [...args, 'status', '--json'], { cwd: one.top, env })).stdout).farm?.farm;
  assert.equal(await farm([]), 'one');
  assert.equal(await farm([], { DOLPHIN_DIR: two.dir }), 'two');
  assert.equal(await farm(['--dir', three.dir], { DOLPHIN_DIR: two.dir }), 'three');
  assert.equal(await farm(['--api', three.master]), 'three');
  // Its farm is another than that of the directory that nobody named: nothing of that one is shown in its place.
  assert.equal(await farm(['--api', await nobody('http')]), undefined);
});

test('a directory that no up has run with, and a file that is none, are said so; exit 78', async (t) => {
  const dir = await tempDir(t);
  const empty = await cli(t, ['--dir', dir, 'status']);
  assert.deepEqual([empty.code, empty.stdout], [78, '']);
  assert.match(empty.stderr, /E_CONFIG: .*there is no cli\.json/);
  writeFileSync(join(dir, 'cli.json'), '{"v":2}', { mode: 0o600 });
  const other = await cli(t, ['--dir', dir, 'edges']);
  assert.equal(other.code, 78);
});
