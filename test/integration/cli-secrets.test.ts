import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { strangersOf } from '@dolphin/cli/files/cli-file.js';
import { type FarmSaid, findFarm } from '@dolphin/cli/files/find-farm.js';
import { tempDir } from '../support/temp-dir.js';
import { writeCliFile } from './cli-support/fake-hosts.js';

const unsaid: FarmSaid = { apis: null, dir: null, nats: null, farm: null, credentials: null, tokenFile: null };

test('what up noted of its secrets is used where its farm is, and sent to no address that was named', async (t) => {
  const dir = await tempDir(t);
  const noted = { credentials: '/x/cli.json', tokenFile: '/x/operate.token' };
  writeCliFile(dir, { api: ['http://10.0.0.1:33330'], nats: 'nats://10.0.0.1:14222', runDir: dir, ...noted });
  const secrets = (said: Partial<FarmSaid>) => {
    const { credentials, tokenFile } = findFarm({ ...unsaid, dir, ...said });
    return { credentials, tokenFile };
  };
  assert.deepEqual(secrets({}), noted);
  assert.deepEqual(secrets({ apis: ['http://10.6.6.6:33330'] }), { ...noted, tokenFile: null });
  assert.deepEqual(secrets({ nats: 'nats://10.6.6.6:14222' }), { ...noted, credentials: null });
});

test('a NATS that is named needs no directory: its farm is main unless another is named', () => {
  const said = { ...unsaid, nats: 'nats://h1:14222', credentials: '/y/cli.json' };
  const { nats, farm, credentials } = findFarm(said);
  assert.deepEqual({ nats, farm, credentials }, { nats: said.nats, farm: 'main', credentials: '/y/cli.json' });
  assert.equal(findFarm({ ...said, farm: 'second' }).farm, 'second');
});

test('what somebody else may have written in the directory is not followed', async (t) => {
  assert.equal(strangersOf({ uid: 1000, mode: 0o100644 }, 1000), null);
  assert.equal(strangersOf({ uid: 0, mode: 0o100600 }, 1000), null);
  assert.match(strangersOf({ uid: 1001, mode: 0o100600 }, 1000) ?? '', /user 1001/);
  assert.match(strangersOf({ uid: 1001, mode: 0o100600 }, 0) ?? '', /user 1001/);
  for (const mode of [0o660, 0o602]) assert.match(strangersOf({ uid: 1000, mode }, 1000) ?? '', /chmod 600/);
  const dir = await tempDir(t);
  writeCliFile(dir, { api: ['http://10.0.0.1:33330'], nats: 'nats://10.0.0.1:14222', runDir: dir });
  chmodSync(join(dir, 'cli.json'), 0o666);
  assert.throws(() => findFarm({ ...unsaid, dir }), { code: 'E_CONFIG', message: /cli\.json: others may write it/ });
});
