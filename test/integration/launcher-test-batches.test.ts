import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BatchEntries } from '@dolphin/launcher/testing/batch-entries.js';
import { testFiles } from '@dolphin/launcher/testing/collect.js';
import { onCleanup } from '../support/cleanup.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const PASSING = (name: string) => `import { test } from 'node:test';\ntest('${name}', () => {});\n`;

/** What node's runner says of a batch of such files. */
async function runBatch(t: TestContext, texts: Readonly<Record<string, string>>) {
  const dir = await tempDir(t);
  const entries = new BatchEntries();
  onCleanup(t, () => entries.remove());
  const files = Object.entries(texts).map(([name, text]) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  });
  const entry = entries.entryOf({ name: 'unit/some', files });
  // A runner's child says less on stdout: this one is not to know of the runner that it runs in.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const ran = await run(t, process.execPath, ['--test', '--test-reporter=tap', entry], { env });
  return { ...ran, entries, entry };
}

test('of a batch each file runs and tells where its tests stand; one that does not load fails, alone', async (t) => {
  const { code, stdout, entries, entry } = await runBatch(t, {
    'first.test.mjs': PASSING('the first'),
    'broken.test.mjs': `import 'node:nothing';\n${PASSING('the broken one')}`,
    'failing.test.mjs': `import { test } from 'node:test';\ntest('the failing', () => { throw new Error('no'); });\n`,
    'last.test.mjs': PASSING('the last'),
  });

  assert.equal(code, 1);
  assert.match(stdout, /^ok \d+ - the first$/m);
  assert.match(stdout, /^not ok \d+ - .*broken\.test\.mjs loads$/m);
  assert.match(stdout, /^not ok \d+ - the failing\n(?:.*\n)*?.*location: '[^']*failing\.test\.mjs:/m);
  assert.match(stdout, /^ok \d+ - the last$/m);
  assert.match(stdout, /^# tests 4$/m);

  entries.remove();
  assert.equal(existsSync(entry), false);
});

test('a batch fails if one of its files ends the process, or a test of it never ends', async (t) => {
  const bad = {
    'when it is loaded': 'process.exit(0);\n',
    'in a test': `import { test } from 'node:test';\ntest('the end', () => process.exit(0));\n`,
    never: `import { test } from 'node:test';\ntest('endless', () => new Promise(() => {}));\n`,
    'never loaded': 'await new Promise(() => {});\n',
  };
  for (const [what, text] of Object.entries(bad)) {
    const files = { 'a.test.mjs': PASSING('a'), 'b.test.mjs': text, 'c.test.mjs': PASSING('c') };
    const { code, stdout } = await runBatch(t, files);
    assert.equal(code, 1, `${what}: ${stdout}`);
  }
});

test('a compiled test whose source is gone is none', async (t) => {
  const root = await tempDir(t);
  for (const [path, name] of [
    ['test/unit/edge', 'kept.test.ts'],
    ['test/dist/unit/edge', 'kept.test.js'],
    ['test/dist/unit/edge', 'gone.test.js'],
  ] as const) {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, name), '');
  }
  assert.deepEqual(testFiles(root, 'unit'), [join(root, 'test/dist/unit/edge/kept.test.js')]);
});
