import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BatchEntries } from '@dolphin/launcher/testing/batch-entries.js';
import { onCleanup } from '../support/cleanup.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const PASSING = (name: string) => `import { test } from 'node:test';\ntest('${name}', () => {});\n`;

test('of a batch each file runs and tells where its tests stand; one that does not load fails, alone', async (t) => {
  const dir = await tempDir(t);
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const entries = new BatchEntries();
  onCleanup(t, () => entries.remove());
  const files = [
    file('first.test.mjs', PASSING('the first')),
    file('broken.test.mjs', `import 'node:nothing';\n${PASSING('the broken one')}`),
    file(
      'failing.test.mjs',
      `import { test } from 'node:test';\ntest('the failing', () => { throw new Error('no'); });\n`,
    ),
    file('last.test.mjs', PASSING('the last')),
  ];
  const entry = entries.entryOf({ name: 'unit/some', files });

  // A runner's child says less on stdout: this one is not to know of the runner that it runs in.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { code, stdout } = await run(t, process.execPath, ['--test', '--test-reporter=tap', entry], { env });

  assert.equal(code, 1);
  assert.match(stdout, /^ok \d+ - the first$/m);
  assert.match(stdout, /^not ok \d+ - .*broken\.test\.mjs loads$/m);
  assert.match(stdout, /^not ok \d+ - the failing\n(?:.*\n)*?.*location: '[^']*failing\.test\.mjs:/m);
  assert.match(stdout, /^ok \d+ - the last$/m);
  assert.match(stdout, /^# tests 4$/m);

  entries.remove();
  assert.equal(existsSync(entry), false);
});
