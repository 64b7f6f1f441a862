import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgeList, HostList } from '@dolphin/protocol';
import { run } from '../support/processes.js';
import { cli, cliMain, fakeEdge, fakeFarm, fakeMaster, refusal, serve } from './cli-support/fake-farm.js';

const NOBODY = 'http://127.0.0.1:9';

for (const args of [
  [],
  ['nope'],
  ['status', '--nope'],
  ['status', '--source', 'nobody'],
  ['status', 'extra'],
  ['events', '--limit', 'many'],
  ['events', '--limit', '0'],
  ['events', '--after', '-1'],
  ['apply'],
  ['wait'],
  ['wait', '--for', 'ready>=many'],
  ['wait', '--for', 'ready>=1', '--timeout', 'soon'],
  ['scale'],
  ['scale', '2', '--per-host', '--total'],
  ['plan'],
  ['cordon'],
  ['cordon', '../h1'],
  ['drain', 'h1', 'stream-0', '--monitor'],
  ['drain', 'h1', '--deadline', '2w'],
  ['host', 'add', 'h1'],
  ['kill', 'h1'],
  ['rollback', '0'],
  ['init', '--farm-id', 'nonsense'],
  ['--farm', 'a b', 'status', '--watch'],
  ['apply', '-f', 'x', '--if-match', 'two'],
]) {
  test(`"${args.join(' ')}" is wrong usage, said on stderr; exit 64`, async (t) => {
    const { code, stdout, stderr } = await cli(t, NOBODY, ...args);
    assert.deepEqual([code, stdout], [64, '']);
    assert.match(stderr, /^Usage: dolphin-cli/m);
  });
}

test('an address that is none is wrong usage, also from the environment', async (t) => {
  const flag = await cli(t, 'ftp://h1', 'status');
  assert.deepEqual([flag.code, flag.stdout], [64, '']);
  const variable = await run(t, process.execPath, [cliMain, 'status'], { env: { DOLPHIN_API: 'h1:33330' } });
  assert.deepEqual([variable.code, variable.stdout], [64, '']);
  assert.match(variable.stderr, /DOLPHIN_API 'h1:33330' is invalid/);
});

test('--help is no error, and goes to stdout', async (t) => {
  const { code, stdout, stderr } = await cli(t, NOBODY, '--help');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^Usage: dolphin-cli/);
});

test('DOLPHIN_API names the master, and --api goes before it', async (t) => {
  const asked: string[] = [];
  const master = (name: string) =>
    serve(t, () => {
      asked.push(name);
      return { body: { hosts: [] } };
    });
  const env = { DOLPHIN_API: await master('variable') };
  await run(t, process.execPath, [cliMain, 'hosts'], { env });
  await run(t, process.execPath, [cliMain, '--api', await master('flag'), 'hosts'], { env });
  assert.deepEqual(asked, ['variable', 'flag']);
});

test('edges and hosts show what the master knows, in 80 columns, and with --json all of it', async (t) => {
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 0 })]);
  const wide = view.hosts.map((host) => ({ ...host, host: 'a-host-with-a-rather-long-name', podPid: 4_194_304 }));
  const master = await fakeMaster(t, {
    'GET /api/v1/edges': () => ({ body: { edges: view.edges.map((edge) => ({ ...edge, pid: 4_194_304 })) } }),
    'GET /api/v1/hosts': () => ({ body: { hosts: wide } }),
  });
  const edges = await cli(t, master, 'edges');
  assert.equal(edges.code, 0);
  assert.match(edges.stdout, /^h1 +stream-0 +1 +builtin +ready +4194304 +1936 +18081 +33332 +3$/m);
  const hosts = await cli(t, master, 'hosts');
  assert.match(hosts.stdout, /^a-host\S*… +up +127\.0\.0\.1 .* 4194304 +2\/2 /m);
  for (const line of [...edges.stdout.split('\n'), ...hosts.stdout.split('\n')]) assert.ok(line.length <= 80, line);

  const labels = { zone: 'a', disk: 'fast' };
  const placed = view.hosts.map((host) => ({ ...host, capacity: 16, labels, cordoned: true }));
  const other = await fakeMaster(t, { 'GET /api/v1/hosts': () => ({ body: { hosts: placed } }) });
  assert.match((await cli(t, other, 'hosts')).stdout, /^h1 +cordoned +127\.0\.0\.1 +disk=\S+ .* 2\/2 +16 /m);

  const edgesJson = JSON.parse((await cli(t, master, 'edges', '--json')).stdout);
  assert.equal(edgesJson.schema, 'dolphin.edges/1');
  assert.equal(EdgeList.parse(edgesJson).edges.length, 2);
  const hostsJson = JSON.parse((await cli(t, master, 'hosts', '--json')).stdout);
  assert.equal(hostsJson.schema, 'dolphin.hosts/1');
  assert.deepEqual(HostList.parse(hostsJson).hosts, wide);
});

test('streams are summed up over the edges that answer, and it is said how many do not', async (t) => {
  const api = await fakeEdge(t, { pid: 5001, clients: 3, publishers: 1 });
  const view = await fakeFarm(t, [api, api, NOBODY]);
  const master = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { code, stdout, stderr } = await cli(t, master, 'streams');
  assert.equal(code, 0);
  assert.match(stdout, /^STREAM .*\n\/live\/livestream +6 +2 +2 +H264 \+ AAC\n$/);
  assert.equal(stderr, 'dolphin-cli: not among these is what edges have that did not answer: 1\n');
  const { schema, streams, unanswered } = JSON.parse((await cli(t, master, 'streams', '--json')).stdout);
  assert.deepEqual([schema, streams.length, streams[0].clients, unanswered], ['dolphin.streams/1', 1, 6, 1]);
});

test('what a master says reaches the terminal as one line without control characters', async (t) => {
  const master = await fakeMaster(t, {
    'GET /api/v1/hosts': () => refusal('E_NO_LEADER', '\u001b[2Jnobody\nleads\u009b'),
  });
  const { code, stderr } = await cli(t, master, 'hosts');
  assert.deepEqual([code, stderr], [75, 'dolphin-cli: E_NO_LEADER:  [2Jnobody leads\n']);
});
