import assert from 'node:assert/strict';
import { hostname, userInfo } from 'node:os';
import { test } from 'node:test';
import { DrainRequest, type FarmView, OperatorRequest, RollbackRequest } from '@dolphin/protocol';
import type { TestScope } from '../support/cleanup.js';
import { farmView, hostView } from '../unit/cli/samples.js';
import { type Answer, type Asked, cli, fakeMaster, refusal } from './cli-support/fake-farm.js';

const WHO = `${userInfo().username}@${hostname()}`;
const DONE: Answer = { body: { changed: true, sequence: 41 } };

/** A master that answers one route, and what it was asked there. */
async function master(t: TestScope, route: string, answer: Answer = DONE): Promise<{ api: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const api = await fakeMaster(t, {
    [route]: (one) => {
      asked.push(one);
      return answer;
    },
  });
  return { api, asked };
}

const H1 = { action: 'cordon', host: 'h1', changed: true, sequence: 41 };
for (const [line, route, body, said] of [
  ['cordon h1 --why fan', 'POST /api/v1/hosts/h1/cordon', { why: 'fan' }, H1],
  ['uncordon h1', 'POST /api/v1/hosts/h1/uncordon', {}, { ...H1, action: 'uncordon' }],
  ['drain h1 --deadline 90s', 'POST /api/v1/hosts/h1/drain', { deadlineMs: 90_000 }, { ...H1, action: 'drain' }],
  ['undrain h1', 'POST /api/v1/hosts/h1/undrain', {}, { ...H1, action: 'undrain' }],
  ['host remove h1', 'DELETE /api/v1/hosts/h1', {}, { ...H1, action: 'remove' }],
  ['drain h1 stream-0', 'POST /api/v1/edges/h1/stream-0/drain', {}, { ...H1, action: 'drain', edge: 'stream-0' }],
  ['undrain h1 stream-0', 'POST /api/v1/edges/h1/stream-0/undrain', {}, { ...H1, action: 'undrain', edge: 'stream-0' }],
  ['restart h1 stream-0', 'POST /api/v1/edges/h1/stream-0/restart', {}, { ...H1, action: 'restart', edge: 'stream-0' }],
  ['kill h1 stream-0', 'POST /api/v1/edges/h1/stream-0/kill', {}, { ...H1, action: 'kill', edge: 'stream-0' }],
] as const) {
  test(`"${line}" is asked of the master with who and why, and what became of it is said`, async (t) => {
    const { api, asked } = await master(t, route);
    const { code, stdout, stderr } = await cli(t, api, ...line.split(' '), '--json');
    assert.deepEqual([code, asked.length], [0, 1], stderr);
    assert.deepEqual(JSON.parse(stdout), { schema: 'dolphin.steer/1', ...said });
    const schema = /drain$|restart$/.test(route) ? DrainRequest : OperatorRequest;
    assert.deepEqual(schema.parse(JSON.parse(asked[0]?.body ?? '')), { who: WHO, ...body });
  });
}

test('in words it is said where that stands in the log, or that it was so already', async (t) => {
  const { api } = await master(t, 'POST /api/v1/hosts/h1/cordon');
  assert.equal((await cli(t, api, 'cordon', 'h1')).stdout, 'cordon of h1: sequence 41\n');
  const again = await master(t, 'POST /api/v1/hosts/h1/cordon', { body: { changed: false, sequence: 41 } });
  assert.equal((await cli(t, again.api, 'cordon', 'h1')).stdout, 'nothing changed: h1 is so already\n');
});

test('what the master refuses has its own code and exit', async (t) => {
  const up = refusal('E_HOST_UP', 'host h1 is up: drain it and stop its worker first');
  const { api } = await master(t, 'DELETE /api/v1/hosts/h1', up);
  const { code, stdout, stderr } = await cli(t, api, 'host', 'remove', 'h1');
  assert.deepEqual([code, stdout], [75, '']);
  assert.equal(stderr, 'dolphin-cli: E_HOST_UP: host h1 is up: drain it and stop its worker first\n');
});

/** A master whose farm is one view after another while h1 drains; the last one stays. */
function drainingMaster(t: TestScope, views: readonly (FarmView | Answer)[]): Promise<string> {
  let asked = 0;
  return fakeMaster(t, {
    'POST /api/v1/hosts/h1/drain': () => DONE,
    'GET /api/v1/farm': () => {
      const view = views[Math.min(asked++, views.length - 1)];
      return view !== undefined && 'farm' in view ? { body: view } : (view ?? null);
    },
  });
}

const at = (clientsLeft: number, edgesLeft: number) => {
  const draining = { deadlineAt: '2099-01-01T00:00:00.000Z', clientsLeft, edgesLeft };
  return farmView({ sequence: 41, hosts: [hostView({ draining })] });
};

test('drain --monitor tells what is left until nothing is, over a moment without a master', async (t) => {
  const views = [farmView({ sequence: 40 }), at(5, 2), refusal('E_NO_LEADER', 'none'), at(5, 2), at(1, 1), at(0, 0)];
  const words = await cli(t, await drainingMaster(t, views), 'drain', 'h1', '--monitor');
  assert.deepEqual([words.code, words.stderr], [0, 'dolphin-cli: drain of h1: sequence 41\n']);
  const lines = words.stdout.trimEnd().split('\n');
  assert.deepEqual([lines.length, lines[0], lines[3]], [4, 'h1: asked for', 'h1: drained'], words.stdout);
  assert.match(lines[1] ?? '', /^h1: drains; edges left 2, clients left 5; they are closed in \d+ d$/);
  const json = await cli(t, await drainingMaster(t, views), 'drain', 'h1', '--monitor', '--json');
  const documents = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    documents.map(({ schema, host, state, clientsLeft }) => [schema, host, state, clientsLeft]),
    [
      ['dolphin.drain/1', 'h1', 'asked', 0],
      ['dolphin.drain/1', 'h1', 'draining', 5],
      ['dolphin.drain/1', 'h1', 'draining', 1],
      ['dolphin.drain/1', 'h1', 'drained', 0],
    ],
  );
});

test('drain --monitor ends with E_NOT_DRAINING when the drain is taken back; exit 75', async (t) => {
  const views = [at(5, 2), farmView({ sequence: 43 })];
  const { code, stdout, stderr } = await cli(t, await drainingMaster(t, views), 'drain', 'h1', '--monitor');
  assert.equal(code, 75);
  assert.match(stdout, /h1: drains no longer; edges 3, clients 5\n$/);
  assert.match(stderr, /E_NOT_DRAINING: host h1 does not drain: its drain was taken back/);
});

test('init begins a log, for edges that run under the id that the farm had', async (t) => {
  const farmId = '11111111-1111-4111-8111-111111111111';
  const { api, asked } = await master(t, 'POST /api/v1/init', { body: { farm: 'main', farmId } });
  const { code, stdout } = await cli(t, api, 'init', '--adopt-running', '--farm-id', farmId, '--json');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), { schema: 'dolphin.init/1', farm: 'main', farmId, adoptRunning: true });
  assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { who: WHO, adoptRunning: true, farmId });
  assert.equal((await cli(t, api, 'init')).stdout, `farm main: ${farmId}\n`);
  assert.deepEqual(JSON.parse(asked[1]?.body ?? ''), { who: WHO });
});

test('history lists what was applied, newest first', async (t) => {
  const { spec } = farmView();
  const versions = [{ version: 1, sequence: 2, at: '2026-11-21T10:31:00.000Z', who: 'me@h1', spec }];
  const { api } = await master(t, 'GET /api/v1/history', { body: { versions } });
  assert.match((await cli(t, api, 'history')).stdout, /^ {3}1 {2}2026-11-21 10:31:00 {2}2 per host .* me@h1 {2}-$/m);
  assert.deepEqual(JSON.parse((await cli(t, api, 'history', '--json')).stdout), {
    schema: 'dolphin.history/1',
    versions,
  });
});

test('rollback applies a version of before, on condition', async (t) => {
  const answer = { body: { changed: true, specVersion: 3, sequence: 41 } };
  const { api, asked } = await master(t, 'POST /api/v1/rollback', answer);
  const { code, stdout } = await cli(t, api, 'rollback', '1', '--if-match', '2', '--why', 'too few');
  assert.deepEqual([code, stdout], [0, 'applied: spec version 3, sequence 41\n']);
  const request = RollbackRequest.parse(JSON.parse(asked[0]?.body ?? ''));
  assert.deepEqual(request, { to: 1, who: WHO, why: 'too few' });
  assert.equal(asked[0]?.headers['if-match'], '"2"');
});
