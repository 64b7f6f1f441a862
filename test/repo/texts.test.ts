import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repoRoot } from '../support/paths.js';
import { gitFiles, readRepo, sourceFiles } from './workspace.js';

/** A file is about one thing. A test may spell out more cases of it. */
const MAX_LINES = 300;
const MAX_TEST_LINES = 400;
/** Files that may be longer, each with its reason. */
const LONGER: ReadonlyMap<string, string> = new Map();

/** Put together here, so that this file does not find itself. */
const MACHINE_PATHS = new RegExp(`/(${['work', 'root', 'home/[a-z]+', 'Users/[a-z]+'].join('|')})/`, 'i');
const REGISTRIES = new RegExp(['registry\\.', 'npm(js|mirror)\\.', 'artifactory', 'verdaccio'].join('|'), 'i');

function textFiles(): string[] | null {
  const files = gitFiles();
  return files?.filter((path) => !/^(package-lock\.json$|test\/data\/|test\/fixtures\/)/.test(path)) ?? null;
}

for (const [what, pattern] of [
  ['path of a machine', MACHINE_PATHS],
  ['address of a package registry', REGISTRIES],
] as const) {
  test(`no file holds the ${what}`, (t) => {
    const files = textFiles();
    if (!files) return t.skip('no git checkout');
    const found = files
      .filter((path) => path !== 'test/repo/texts.test.ts')
      .flatMap((path) =>
        readFileSync(join(repoRoot, path), 'latin1')
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 100)}`] : [])),
      );
    assert.deepEqual(found, []);
  });
}

test(`no .ts file is longer than ${MAX_LINES} lines, no test than ${MAX_TEST_LINES}`, () => {
  const most = (path: string) => (path.startsWith('test/') ? MAX_TEST_LINES : MAX_LINES);
  const long = sourceFiles()
    .map((path) => ({ path, lines: readRepo(path).split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > most(path) && !LONGER.has(path));
  assert.deepEqual(long, []);
});

test('no log of a run is kept', (t) => {
  const files = gitFiles('*.log');
  if (!files) return t.skip('no git checkout');
  assert.deepEqual(files, []);
});

test('files are named in kebab-case', () => {
  const odd = sourceFiles().filter((path) => !/^[a-z0-9-]+(\.test)?\.ts$/.test(path.split('/').at(-1) ?? ''));
  assert.deepEqual(odd, []);
});

test('the CHANGELOG says what is next', () => {
  const [, next = ''] = /^## Next\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(readRepo('CHANGELOG.md')) ?? [];
  assert.match(next, /^- \S/m);
});

test('the decisions are numbered without gaps', (t) => {
  const files = gitFiles('docs/decisions/*.md');
  if (!files) return t.skip('no git checkout');
  const numbers = files.map((path) => Number(/\/(\d+)-[a-z0-9-]+\.md$/.exec(path)?.[1]));
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    numbers.map((_, index) => index + 1),
  );
});
