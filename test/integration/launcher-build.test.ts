import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fromRoot } from '../support/paths.js';
import { run } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const BUNDLER = 'services/launcher/dist/bundle-programs.js';
const BUNDLES = ['services/launcher/dist', 'services/pod/dist', 'services/pod/dist/relay'].flatMap((dir) =>
  ['bundled.mjs', 'bundled.json'].map((name) => `${dir}/${name}`),
);
const FILES: Readonly<Record<string, string>> = {
  'node_modules/.bin/tsc': '#!/bin/sh\n',
  'package-lock.json': '{}',
  'node_modules/.dolphin-lock': '{}',
  'bin/dolphin-launcher': '',
  'libs/media/dist/index.js': '',
  'services/launcher/dist/main.js': '',
  'services/pod/dist/main.js': '',
  [BUNDLER]: `const fs = require('node:fs');
    fs.appendFileSync('bundled.log', 'b');
    for (const file of ${JSON.stringify(BUNDLES)}) fs.writeFileSync(file, '');`,
};
/** What a build looks at; they need not say anything. */
const SOURCES = ['tsconfig.json', 'tsconfig.base.json', 'bench/tsconfig.json', 'bench/src/main.ts'].concat(
  ['libs/media', 'services/launcher', 'services/pod'].flatMap((dir) =>
    ['package.json', 'tsconfig.json', 'src/x.ts'].map((name) => `${dir}/${name}`),
  ),
);

it('./dolphin builds when a bundle of a program is gone, and not when nothing is', async (t) => {
  const root = await tempDir(t);
  const at = (path: string) => join(root, path);
  for (const [path, text] of [...SOURCES.map((source) => [source, '{}'] as const), ...Object.entries(FILES)]) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  }
  mkdirSync(at('services/pod/dist/relay'));
  chmodSync(at('node_modules/.bin/tsc'), 0o755);
  copyFileSync(fromRoot('dolphin'), at('dolphin'));
  const builds = async () => {
    const { code, stderr } = await run(t, 'sh', [at('dolphin'), 'down'], { cwd: root });
    assert.equal(code, 0, stderr);
    return readFileSync(at('bundled.log'), 'utf8').length;
  };
  assert.deepEqual([await builds(), await builds()], [1, 1]);
  let expected = 1;
  for (const bundle of BUNDLES) {
    rmSync(at(bundle));
    assert.equal(await builds(), ++expected, bundle);
  }
  assert.equal(await builds(), expected);
});
