import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MasterConfig } from '@dolphin/master/config.js';
import { ErrorAnswer } from '@dolphin/protocol';
import { loadConfig } from '@dolphin/runtime';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { TestMaster } from './master-support/test-master.js';

const NO_NATS = 'nats://127.0.0.1:1';

test('what the API is going to have is refused as not yet, what it never will is not found', async (t) => {
  const master = await TestMaster.start(t, { nats: NO_NATS });
  const later: [string, string][] = [
    ['GET', '/api/v1/streams'],
    ['DELETE', '/api/v1/clients/7'],
    ['GET', '/api/v1/farm?at=2026-01-01T00:00:00Z'],
  ];
  for (const [method, path] of later) {
    const { status, body: answer } = await master.request(method, path);
    assert.deepEqual([status, ErrorAnswer.parse(answer).error.code], [501, 'E_NOT_YET'], path);
  }
  const { status, body } = await master.request('GET', '/favicon.ico');
  assert.deepEqual([status, body.error.code], [404, 'E_NOT_FOUND']);
});

test('Prometheus reads a master that is cut off, too', async (t) => {
  const master = await TestMaster.start(t, { nats: NO_NATS });
  const page = await fetch(`http://127.0.0.1:${master.port}/metrics`);
  assert.match(page.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await page.text();
  assert.match(text, /^dolphin_master_info\{farm="main",master="m1",version="[^"]+"\} 1$/m);
  assert.match(text, /^dolphin_master_connected 0$/m);
});

test('bodies and queries that cannot be read are refused with a code, and the master goes on', async (t) => {
  const master = await TestMaster.start(t, { nats: NO_NATS });
  const refusals: [string, string, unknown, Record<string, string>, number, string][] = [
    ['POST', '/api/v1/apply', '{"spec":', {}, 400, 'E_BAD_REQUEST'],
    ['POST', '/api/v1/apply', {}, {}, 422, 'E_SPEC_INVALID'],
    ['POST', '/api/v1/apply', 'a: 1', { 'content-type': 'text/yaml' }, 400, 'E_BAD_REQUEST'],
    ['POST', '/api/v1/apply', `"${'x'.repeat(300_000)}"`, {}, 413, 'E_TOO_LARGE'],
    ['POST', '/api/v1/init', { who: 7 }, {}, 400, 'E_BAD_REQUEST'],
    ['POST', '/api/v1/init', { __proto__: null, extra: 1 }, {}, 400, 'E_BAD_REQUEST'],
    ['GET', '/api/v1/events?after=-1', undefined, {}, 400, 'E_BAD_REQUEST'],
    ['GET', '/api/v1/events?limit=99999', undefined, {}, 400, 'E_BAD_REQUEST'],
    ['GET', '/api/v1/events?limit=9', undefined, { accept: 'text/event-stream' }, 400, 'E_BAD_REQUEST'],
    ['GET', '/api/v1/events', undefined, { accept: 'text/event-stream', 'last-event-id': 'x' }, 400, 'E_BAD_REQUEST'],
    ['GET', '/api/v1/events', undefined, { accept: 'text/event-stream' }, 503, 'E_BUS_UNAVAILABLE'],
    ['GET', '/api/v1/%zz', undefined, {}, 400, 'E_BAD_REQUEST'],
  ];
  for (const [method, path, sent, headers, status, code] of refusals) {
    const answer = await master.request(method, path, sent, headers);
    assert.deepEqual([answer.status, ErrorAnswer.parse(answer.body).error.code], [status, code], `${path} ${code}`);
  }
  const spec = { spec: { edges: { perHost: 1 }, origins: ['o:1'] } };
  const match = await master.request('POST', '/api/v1/apply', spec, { 'if-match': 'W/"x"' });
  assert.equal(match.body.error.code, 'E_BAD_REQUEST');
  assert.equal((await master.request('GET', '/healthz')).body.ok, true);
});

test('the OpenAPI document names every route', async (t) => {
  const master = await TestMaster.start(t, { nats: NO_NATS });
  const { status, body } = await master.request('GET', '/openapi.json');
  assert.equal(status, 200);
  for (const path of [
    '/api/v1/farm',
    '/api/v1/hosts',
    '/api/v1/hosts/{host}',
    '/api/v1/hosts/{host}/cordon',
    '/api/v1/hosts/{host}/uncordon',
    '/api/v1/hosts/{host}/drain',
    '/api/v1/hosts/{host}/undrain',
    '/api/v1/edges',
    '/api/v1/edges/{host}/{edge}/kill',
    '/api/v1/events',
    '/api/v1/sessions/ended',
    '/api/v1/init',
    '/api/v1/apply',
    '/api/v1/plan',
    '/api/v1/rollback',
    '/api/v1/history',
  ]) {
    assert.ok(body.paths[path], path);
  }
});

test('a master that cannot start says why, with the exit code of the reason', async (t) => {
  const dir = await tempDir(t);
  const master = (...args: string[]) =>
    run(t, fromRoot('bin/dolphin-master'), ['--nats', NO_NATS, '--redis', '', '--state-dir', join(dir, 's'), ...args]);
  const open = await master('--listen', '0.0.0.0:33330');
  assert.deepEqual([open.code, /tokens/.test(open.stderr)], [78, true]);
  const usage = await master('--colour', 'red');
  assert.deepEqual([usage.code, /usage: dolphin-master/.test(usage.stderr)], [64, true]);
  assert.equal((await master('--farm', 'Not A Farm')).code, 78);
  const yaml = join(dir, 'bad.yaml');
  await writeFile(yaml, 'farm: main\nlisten: 127.0.0.1:0\ncolour: red\n');
  const config = await master('--config', yaml);
  assert.deepEqual([config.code, config.stderr.includes(`${yaml}:3`)], [78, true]);
  const running = await TestMaster.start(t, { nats: NO_NATS });
  const taken = await master('--listen', `127.0.0.1:${running.port}`);
  assert.deepEqual([taken.code, taken.stderr.includes(String(running.port))], [69, true]);
  const garbled = join(dir, 'g');
  await run(t, 'mkdir', ['-p', garbled]);
  await writeFile(join(garbled, 'farm.json'), 'x');
  const state = await master('--state-dir', garbled, '--listen', `127.0.0.1:${await freePort()}`);
  assert.deepEqual([state.code, state.stderr.includes('farm.json')], [78, true]);
  assert.equal((await master('--help')).code, 0);
});

test('told to stop, a master without NATS ends without waiting for it, with exit code 0', async (t) => {
  const master = await TestMaster.start(t, { nats: NO_NATS });
  const { code } = await master.process.stop('SIGTERM');
  assert.equal(code, 0);
  assert.doesNotMatch(master.process.output(), /stopping without waiting any longer/);
});

test('conf/master.yaml parses, and says the defaults', () => {
  const from = (file?: string) => loadConfig({ schema: MasterConfig, file, envPrefix: 'DOLPHIN_', env: {}, flags: {} });
  assert.deepEqual(from(fromRoot('conf/master.yaml')), from());
});
