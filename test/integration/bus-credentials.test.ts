import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBusCredentials } from '@dolphin/eventlog';
import { tempDir } from '../support/temp-dir.js';

test('a credentials file is taken if it is one, and nobody else may read it', async (t) => {
  const path = join(await tempDir(t), 'master.json');
  const is = { user: 'main.master', password: 'secret', inboxPrefix: '_INBOX.main.master' };
  await writeFile(path, JSON.stringify(is), { mode: 0o600 });
  assert.deepEqual(readBusCredentials(path), is);
  for (const text of [
    '',
    '{"password":"secret"',
    '{}',
    JSON.stringify({ ...is, inboxPrefix: '>' }),
    ' '.repeat(5_000),
  ]) {
    await writeFile(path, text);
    // The password must not stand in the message, of which a log is made.
    assert.throws(() => readBusCredentials(path), { code: 'E_CONFIG', message: /^(?!.*secret).*master\.json/ });
  }
  await writeFile(path, JSON.stringify(is));
  await chmod(path, 0o644);
  assert.throws(() => readBusCredentials(path), { code: 'E_CONFIG', message: /chmod 600/ });
  assert.throws(() => readBusCredentials(`${path}.not`), { code: 'E_CONFIG' });
});
