import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packagesOfWorkspace, readRepo } from './workspace.js';

test('docs/2-architecture.md shows every package, with the packages of ours that it depends on', () => {
  const shown = [...readRepo('docs/2-architecture.md').matchAll(/^\| `([a-z/]+)` \|[^|]*\| ([^|]*) \|$/gm)].map(
    ([, dir = '', imports = '']) => [dir, imports.startsWith('nothing of ours') ? [] : imports.split(', ').sort()],
  );
  const real = packagesOfWorkspace()
    .filter(({ dir }) => dir !== 'test')
    .map(({ dir, dependencies }) => [
      dir,
      [...dependencies]
        .flatMap((name) => (name.startsWith('@dolphin/') ? [name.slice('@dolphin/'.length)] : []))
        .sort(),
    ]);
  assert.ok(real.length > 10);
  assert.deepEqual(Object.fromEntries(shown), Object.fromEntries(real));
});
