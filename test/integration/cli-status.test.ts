import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Status } from '@dolphin/cli/domain/status.js';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { run, startProcess } from '../support/processes.js';
import { edgeView, farmView, hostView } from '../unit/cli/samples.js';
import { cli, cliMain, fakeEdge, fakeFarm, fakeMaster, privateApi, serve } from './cli-support/fake-farm.js';

const sample = (path: string) => JSON.parse(readFileSync(fromRoot('test/data', path), 'utf8'));
const problems = (stdout: string) =>
  (JSON.parse(stdout) as Status).problems.map(({ about, why }) => `${about}: ${why}`);

test('status asks the global port for the private ports, each edge for its own, and sums up', async (t) => {
  const apis = [
    await fakeEdge(t, { pid: 5001, clients: 2, publishers: 1 }),
    await fakeEdge(t, { pid: 5002, clients: 1, sendKbitPerS: 510 }),
  ];
  const view = await fakeFarm(t, apis);
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });

  const { code, stdout, stderr } = await cli(t, master, 'status');
  assert.equal(code, 0, stdout + stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^farm main: serving; spec 2, settled; leader m1 \(term 3\)\n/);
  assert.match(stdout, /^h1 +back-source-0 +ready +5000 +\d+ +2 edges /m);
  assert.match(stdout, /^h1 +stream-0 +ready +5001 +\d+ +2 +1500 /m);
  assert.match(stdout, /^h1 +stream-1 +ready +5002 +\d+ +1 +1500 /m);
  assert.match(stdout, /^\/live\/livestream +3 +1 +2 +H264 \+ AAC$/m);
  assert.match(stdout, /^total: 2 of 2 stream edges serve; clients 3, kbit\/s 3000, streams 1$/m);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  assert.ok(!stdout.includes('\u001b'), 'no colour off a terminal');

  const json = await cli(t, master, 'status', '--json');
  assert.equal(json.code, 0);
  const status = JSON.parse(json.stdout) as Status;
  assert.equal(status.schema, 'dolphin.status/1');
  assert.deepEqual([status.totals.clients, status.totals.kbitPerS, status.level], [3, 3000, 'serving']);
  assert.deepEqual(
    status.edges.map(({ kbitPerSSource, clientsSource }) => [kbitPerSSource, clientsSource]),
    [
      ['master', 'edge'],
      ['master', 'edge'],
      ['master', 'edge'],
    ],
  );
});

test('an edge with more clients than it should list is not asked who they are', async (t) => {
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 501, publishers: 1 })]);
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const status = JSON.parse((await cli(t, master, 'status', '--json')).stdout) as Status;
  const [stream] = status.streams;
  assert.deepEqual([stream?.clients, stream?.publishers, status.totals.publishers], [501, null, 0]);
});

test('a frozen edge is waited for one second, and named; exit 1', async (t) => {
  const frozen = await serve(t, () => null);
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 1 }), frozen]);
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { code, stdout } = await cli(t, master, 'status', '--json');
  assert.equal(code, 1);
  assert.deepEqual(problems(stdout), ['h1 stream-1: its API does not answer: no answer within 1000 ms']);
});

test('a full SRS that refuses its API, one that says no, and garbage keep the figures of the master', async (t) => {
  const refusing = await serve(t, () => ({ status: 503, body: '' }));
  const sayingNo = await serve(t, () => ({ body: { code: 1000 } }));
  const garbage = await serve(t, () => ({ body: '<html>' }));
  const view = await fakeFarm(t, [refusing, sayingNo, garbage], { hosts: [hostView({ desired: 3 })] });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { code, stdout } = await cli(t, master, 'status', '--json');
  const status = JSON.parse(stdout) as Status;
  assert.equal(code, 1);
  assert.equal(status.totals.serving, 3);
  assert.equal(status.totals.clients, 9);
  assert.equal(status.problems.length, 3, stdout);
  assert.match(status.problems[0]?.why ?? '', /HTTP 503$/);
  assert.match(status.problems[1]?.why ?? '', /SRS says code 1000$/);
});

test('no edge that answers is critical; exit 2', async (t) => {
  const closed = `http://127.0.0.1:${await freePort()}`;
  const view = await fakeFarm(t, [closed, closed]);
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { code, stdout } = await cli(t, master, 'status');
  assert.equal(code, 2);
  assert.match(stdout, /^farm main: critical;/);
  assert.match(stdout, /ECONNREFUSED/);
});

test('with nobody there the exit is 3, and what was tried is said', async (t) => {
  const address = `http://127.0.0.1:${await freePort()}`;
  const words = await cli(t, address, 'status');
  assert.equal(words.code, 3);
  assert.equal(words.stdout, '');
  assert.ok(words.stderr.includes(`the master at ${address} does not answer: connect ECONNREFUSED`), words.stderr);
  const json = await cli(t, address, 'status', '--json');
  assert.equal(json.code, 3);
  const { schema, level, error } = JSON.parse(json.stdout);
  assert.deepEqual([schema, level, error.code], ['dolphin.status/1', 'unknown', 'E_UNREACHABLE']);
});

test('something else on the port is not taken for a master; exit 3', async (t) => {
  for (const body of ['<html>hello</html>', { code: 0 }]) {
    const { code, stderr } = await cli(t, await serve(t, () => ({ body })), 'status');
    assert.equal(code, 3);
    assert.match(stderr, /does not answer: .*(no JSON|not a master)/);
  }
});

test('a master that is frozen is given up after two seconds; exit 3', async (t) => {
  const { code, stderr } = await cli(t, await serve(t, () => null), 'status');
  assert.equal(code, 3);
  assert.match(stderr, /no answer within 2000 ms/);
});

test('with NATS away and all edges answering the exit is 0, with a note', async (t) => {
  const apis = [await fakeEdge(t, { pid: 5001, clients: 0 }), await fakeEdge(t, { pid: 5002, clients: 0 })];
  const view = await fakeFarm(t, apis, { connected: false, hosts: [hostView({ heardMsAgo: 65_000 })] });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { code, stdout } = await cli(t, master, 'status');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^! farm: the master is cut off from NATS: it shows what it saw last$/m);
});

test('a master that was started without NATS knows the edges from the log alone, and they are asked', async (t) => {
  const api = await fakeEdge(t, { pid: 5001, clients: 4 });
  const edges = [edgeView(0, { api, pid: null, state: 'assigned', clients: 0, kbitPerS: 0 })];
  const hosts = [hostView({ desired: 1, liveness: 'joining', podPid: null, heardMsAgo: null })];
  const view = farmView({ connected: false, leader: null, hosts, edges });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { code, stdout } = await cli(t, master, 'status', '--json');
  const status = JSON.parse(stdout) as Status;
  assert.equal(code, 0, stdout);
  assert.deepEqual([status.edges[0]?.pid, status.totals.serving, status.totals.clients], [5001, 1, 4]);
});

test('streams of an SRS 2, which knows no urls, are told apart by vhost', async (t) => {
  const streams = sample('srs2-api/streams.json');
  const [first] = streams.streams;
  streams.streams.push({ ...first, id: 1, vhost: 77 });
  const vhosts = sample('srs2-api/vhosts.json');
  vhosts.vhosts.push({ ...vhosts.vhosts[0], id: 77, name: 'b.example' });
  const srs2 = await privateApi(t, {
    '/api/v1/summaries': sample('srs2-api/summaries.json'),
    '/api/v1/streams/': streams,
    '/api/v1/vhosts/': vhosts,
  });
  const view = await fakeFarm(t, [srs2], { hosts: [hostView({ desired: 1 })] });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { stdout } = await cli(t, master, 'status', '--json');
  const status = JSON.parse(stdout) as Status;
  assert.deepEqual(
    status.streams.map(({ url, clients }) => [url, clients]),
    [
      ['/live/livestream', 1],
      ['b.example/live/livestream', 1],
    ],
  );
});

test('a reader that has enough ends it without a word', async (t) => {
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 0 })], { hosts: [hostView({ desired: 1 })] });
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const line = `"${process.execPath}" "${cliMain}" --api ${master} status --watch --json | head -c 10`;
  const { code, stdout, stderr } = await run(t, 'sh', ['-c', line]);
  assert.deepEqual([code, stdout.length, stderr], [0, 10, '']);
});

test('--watch goes on, a JSON document a line, also over a moment without a master', async (t) => {
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 0 })], { hosts: [hostView({ desired: 1 })] });
  let asked = 0;
  const master = await fakeMaster(t, {
    'GET /api/v1/farm': () => (++asked === 2 ? { status: 502, body: '' } : { body: view }),
  });
  const watch = startProcess(t, process.execPath, [cliMain, '--api', master, 'status', '--watch', '--json']);
  const lines = await eventually(
    () => {
      const whole = watch.stdout().split('\n').slice(0, -1);
      return whole.length >= 3 ? whole.slice(0, 3) : null;
    },
    { what: 'three lines' },
  );
  const levels = lines.map((line) => JSON.parse(line).level);
  assert.deepEqual(levels, ['serving', 'unknown', 'serving']);
});
