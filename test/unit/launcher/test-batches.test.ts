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

  test('hold a few integration tests of one program', () => {
    const pods = ['a', 'b', 'c', 'd', 'e'].map((what) => `integration/pod-${what}`);
    assert.deepEqual(cut('integration/edge-a', ...pods, 'integration/machines'), [
      ['integration/edge-1', ['integration/edge-a']],
      ['integration/pod-1', pods.slice(0, 4)],
      ['integration/pod-2', pods.slice(4)],
      ['integration/machines-1', ['integration/machines']],
    ]);
  });

  test('hold one file each of end-to-end tests, of fuzz tests, and of what lies in no directory', () => {
    for (const name of ['e2e/a', 'unit/fuzz/a', 'unit/a']) {
      assert.deepEqual(cut(name, `${name}-too`), [
        [`${name}.test.js`, [name]],
        [`${name}-too.test.js`, [`${name}-too`]],
      ]);
    }
  });
});
