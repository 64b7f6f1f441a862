import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { run } from '../support/processes.js';
import { hostView } from '../unit/cli/samples.js';
import { cli, fakeEdge, fakeFarm, fakeMaster, refusal, serve } from './cli-support/fake-farm.js';

const nobody = async () => `http://127.0.0.1:${await freePort()}`;

test('of several masters the first that answers is asked, past a dead one and a frozen one', async (t) => {
  const frozen = await serve(t, () => null);
  const alive = await fakeMaster(t, { 'GET /api/v1/hosts': () => ({ body: { hosts: [hostView()] } }) });
  const { code, stdout, stderr } = await cli(t, [await nobody(), frozen, alive].join(','), 'hosts');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^h1 +up /m);
});

test('status says which of the masters it was', async (t) => {
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 0 })], { hosts: [hostView({ desired: 1 })] });
  const alive = await fakeMaster(t, { 'GET /api/v1/farm': () => ({ body: view }) });
  const { stdout } = await cli(t, `${await nobody()},${alive}`, 'status', '--json');
  assert.equal(JSON.parse(stdout).source.address, alive);
});

test('a master that refuses is not passed over', async (t) => {
  const refusing = await serve(t, () => refusal('E_BUS_UNAVAILABLE', 'NATS does not answer: not connected'));
  const other = await fakeMaster(t, { 'GET /api/v1/hosts': () => ({ body: { hosts: [] } }) });
  const { code, stderr } = await cli(t, `${refusing},${other}`, 'hosts');
  assert.equal(code, 69);
  assert.match(stderr, /E_BUS_UNAVAILABLE/);
});

test('what one master may have carried out is not asked of the next', async (t) => {
  const asked: string[] = [];
  const broken = await serve(t, () => {
    asked.push('broken');
    return { status: 502, body: '' };
  });
  const other = await serve(t, () => {
    asked.push('other');
    return { body: { changed: true, specVersion: 3, sequence: 41 } };
  });
  const apply = ['apply', '-f', fromRoot('conf/farm.yaml')];
  const first = await cli(t, `${broken},${other}`, ...apply);
  assert.deepEqual([first.code, asked], [69, ['broken']], first.stderr);
  const second = await cli(t, `${await nobody()},${other}`, ...apply);
  assert.deepEqual([second.code, asked], [0, ['broken', 'other']], second.stderr);
});

test('with none of them there each is named with its reason', async (t) => {
  const [one, two] = [await nobody(), await nobody()];
  const { code, stderr } = await cli(t, `${one},${two}`, 'hosts');
  assert.equal(code, 69);
  assert.ok(stderr.includes(`each of the masters at ${one}, ${two} does not answer: connect ECONNREFUSED`), stderr);
});

test('status loads no schemas and no parser of command lines: they take longer than all that it does', async (t) => {
  const view = await fakeFarm(t, [await fakeEdge(t, { pid: 5001, clients: 1, publishers: 1 })]);
  const master = await fakeMaster(t, {
    'GET /api/v1/farm': () => ({ body: view }),
    'GET /api/v1/edges': () => ({ body: { edges: view.edges } }),
  });
  const loads = async (verb: string) => {
    const env = { PATH: process.env['PATH'] ?? '', NODE_DEBUG: 'esm' };
    // Its modules: a bundle has one, and runs of it what these would load.
    const modules = fromRoot('services/cli/dist/main.js');
    const { stderr } = await run(t, process.execPath, [modules, '--api', master, verb, '--json'], { env });
    assert.match(stderr, /services\/cli\/dist\/main\.js/, 'Node says what it loads');
    return ['/zod/', '/commander/', 'yaml', 'pino', 'nats'].filter((name) =>
      stderr.includes(`node_modules/${name.replaceAll('/', '')}/`),
    );
  };
  assert.deepEqual(await loads('status'), []);
  assert.deepEqual(await loads('edges'), ['/zod/', '/commander/'], 'so would it be seen');
});
