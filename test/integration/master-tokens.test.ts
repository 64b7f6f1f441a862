import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { TestMaster } from './master-support/test-master.js';

const NO_NATS = 'nats://127.0.0.1:9';
const [READS, OPERATES] = ['a-token-that-reads', 'a-token-that-operates'];
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const TOKENS = {
  tokens: [
    { name: 'screen', right: 'read', sha256: sha256(READS) },
    { name: 'ann', right: 'operate', sha256: sha256(OPERATES) },
  ],
};

test('with tokens the API answers who brings one, as far as it goes, and tells nothing of them', async (t) => {
  const dir = await tempDir(t);
  const file = join(dir, 'tokens.json');
  await writeFile(file, JSON.stringify(TOKENS), { mode: 0o600 });
  const master = await TestMaster.start(t, { nats: NO_NATS, args: ['--tokens', file] });
  const ask = async (method: string, path: string, authorization?: string) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const body = method === 'GET' ? undefined : { who: 'test' };
    const answer = await master.request(method, path, body, headers);
    return [answer.status, answer.body.error?.code];
  };
  assert.deepEqual(await ask('GET', '/healthz'), [200, undefined]);
  for (const path of ['/api/v1/farm', '/openapi.json', '/api/v1/nothing', '/healthz/../api/v1/farm', '//healthz']) {
    assert.deepEqual(await ask('GET', path), [401, 'E_UNAUTHORIZED'], path);
  }
  for (const header of [
    'Bearer',
    'Bearer x',
    READS,
    `Basic ${READS}`,
    `Bearer ${READS}x`,
    `Bearer ${'x'.repeat(5_000)}`,
  ]) {
    assert.deepEqual(await ask('GET', '/api/v1/farm', header), [401, 'E_UNAUTHORIZED'], header);
  }
  assert.deepEqual(await ask('GET', '/api/v1/farm', `Bearer ${READS}`), [200, undefined]);
  assert.deepEqual(await ask('POST', '/api/v1/init', `Bearer ${READS}`), [403, 'E_FORBIDDEN']);
  assert.deepEqual(await ask('GET', '/api/v1/farm', `bearer ${OPERATES}`), [200, undefined]);
  // It may; that NATS is away is another matter.
  assert.deepEqual(await ask('POST', '/api/v1/init', `Bearer ${OPERATES}`), [503, 'E_BUS_UNAVAILABLE']);
  assert.equal(await statusFor(master.port, { host: 'farm.example.org', authorization: `Bearer ${READS}` }), 200);
  assert.doesNotMatch(master.process.output(), /a-token-that/);

  const token = join(dir, 'token');
  const cli = (...args: string[]) =>
    run(t, process.execPath, [...[fromRoot('bin/dolphin-cli'), '--api', `http://127.0.0.1:${master.port}`, ...args]]);
  const refused = await cli('hosts');
  assert.deepEqual([refused.code, /token/.test(refused.stderr)], [77, true]);
  await writeFile(token, `${READS}\n`, { mode: 0o600 });
  assert.equal((await cli('--token-file', token, 'hosts')).code, 0);
  await chmod(token, 0o644);
  assert.deepEqual([(await cli('--token-file', token, 'hosts')).code], [78]);
});

test('a master refuses a file of tokens that is none, or that others may read', async (t) => {
  const file = join(await tempDir(t), 'tokens.json');
  const start = async (text: string, mode: number) => {
    await writeFile(file, text);
    await chmod(file, mode);
    const args = ['--nats', NO_NATS, '--redis', '', '--state-dir', `${file}.d`, '--tokens', file];
    const listen = ['--listen', `127.0.0.1:${await freePort()}`];
    return run(t, fromRoot('bin/dolphin-master'), [...args, ...listen]);
  };
  const short = { tokens: [{ name: 'x', right: 'read', sha256: READS }] };
  for (const [text, mode] of [
    ['{', 0o600],
    ['{"tokens": []}', 0o600],
    [JSON.stringify(short), 0o600],
    [JSON.stringify(TOKENS), 0o640],
  ] as const) {
    const { code, stderr } = await start(text, mode);
    assert.deepEqual([code, stderr.includes(file)], [78, true], stderr);
  }
});

function statusFor(port: number, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/api/v1/farm', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}
