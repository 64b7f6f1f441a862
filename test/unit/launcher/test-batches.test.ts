import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batchesOf } from '@dolphin/launcher/testing/batches.js';

const cut = (...names: string[]) =>
  batchesOf(
    '/r',
    names.map((name) => `/r/test/dist/${name}.test.js`),
  ).map(({ name, files }) => [name, files.map((file) => file.slice('/r/test/dist/'.length, -'.test.js'.length))]);

describe('batches of test files', () => {
  test('hold what works on values alone by directory, and the rules of the repository together', () => {
    assert.deepEqual(cut('repo/imports', 'repo/texts', 'unit/edge/a', 'unit/pod/a', 'unit/edge/b'), [
      ['repo', ['repo/imports', 'repo/texts']],
      ['unit/edge', ['unit/edge/a', 'unit/edge/b']],
      ['unit/pod', ['unit/pod/a']],
    ]);
  });

  test('hold one file each of what starts processes, of fuzz tests, and of what lies in no directory', () => {
    for (const name of ['e2e/a', 'integration/a', 'integration/pod/a', 'unit/fuzz/a', 'unit/a']) {
      assert.deepEqual(cut(name, `${name}-too`), [
        [`${name}.test.js`, [name]],
        [`${name}-too.test.js`, [`${name}-too`]],
      ]);
    }
  });
});
