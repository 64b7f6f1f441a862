import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Invitation } from '@dolphin/protocol';
import { takenInvitation } from '@dolphin/worker/files/invitation-file.js';
import { invitedConfig } from '@dolphin/worker/invited-config.js';
import { fromRoot } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { tempDir } from '../support/temp-dir.js';

const invitation: Invitation = { v: 1, farm: 'main', host: 'h2', nats: 'nats://127.0.0.1:1', password: 'very-secret' };
const user = { user: 'main.worker.h2', password: 'very-secret', inboxPrefix: '_INBOX.main.worker.h2' };

test('an invitation says who, where and as whom, is kept, and gives way to what is configured', async (t) => {
  const runDir = join(await tempDir(t), 'worker');
  const file = `${runDir}.json`;
  await writeFile(file, JSON.stringify(invitation), { mode: 0o600 });
  const read = (flags: object, from?: string) =>
    invitedConfig({ file: undefined, join: from, env: {}, flags: { runDir, ...flags } });

  const first = await read({}, file);
  const { host, farm, nats, address } = first.config;
  assert.deepEqual(
    { host, farm, nats, address },
    { host: 'h2', farm: 'main', nats: invitation.nats, address: '127.0.0.1' },
  );
  assert.deepEqual(first.credentials, user);
  assert.equal(takenInvitation(runDir), null, 'it is not written before it has joined');
  await mkdir(runDir);
  await first.keep();
  assert.equal((await stat(join(runDir, 'invitation.json'))).mode & 0o777, 0o600);

  const again = await read({});
  assert.deepEqual([again.config.host, again.config.nats, again.credentials], ['h2', invitation.nats, user]);
  assert.equal((await read({ address: '127.0.0.9' }, file)).config.address, '127.0.0.9');
  await assert.rejects(read({ nats: 'nats://127.0.0.2:1' }, file), /nats: is nats:.*, and nats:\/\/127.0.0.2:1 is/);
  assert.equal((await read({ credentials: 'other.json', host: 'h3' })).credentials, 'other.json');
  await assert.rejects(read({ host: 'h3' }), /host: is h2, and h3 is configured/);
});

test('beside the shipped conf an invitation says what it says without', async (t) => {
  const runDir = join(await tempDir(t), 'worker');
  const file = `${runDir}.json`;
  await writeFile(file, JSON.stringify(invitation), { mode: 0o600 });
  const of = (conf?: string) => invitedConfig({ file: conf, join: file, env: {}, flags: { runDir } });
  const [shipped, bare] = [await of(fromRoot('conf/worker.yaml')), await of()];
  assert.deepEqual([shipped.config, shipped.credentials], [bare.config, bare.credentials]);
});

test('a worker that is given no invitation says why, and not what was in it', async (t) => {
  const dir = await tempDir(t);
  const args = [
    '--run-dir',
    join(dir, 'worker'),
    '--rtmp',
    String(await freePort()),
    '--http',
    String(await freePort()),
  ];
  const open = join(dir, 'open.json');
  await writeFile(open, JSON.stringify(invitation), { mode: 0o644 });
  for (const [from, input, why] of [
    ['-', '', /on stdin: it is no JSON/],
    ['-', '{"password":"very-secret"', /it is no JSON/],
    ['-', JSON.stringify({ ...invitation, host: 'H 2' }), /host: a host id matches/],
    ['-', JSON.stringify({ ...invitation, more: 'x'.repeat(5_000) }), /larger than 4096 bytes/],
    [open, '', /open\.json: others may read it/],
    [join(dir, 'none'), '', /ENOENT/],
  ] as const) {
    const worker = fromRoot('bin/dolphin-worker');
    const ended = spawnSync(worker, ['--join', from, ...args], { input, encoding: 'utf8', timeout: 60_000 });
    assert.equal(ended.status, 78, ended.stderr);
    assert.match(ended.stderr, why);
    assert.doesNotMatch(ended.stderr, /very-secret/);
  }
  await assert.rejects(readFile(join(dir, 'worker', 'invitation.json')), { code: 'ENOENT' });
});
