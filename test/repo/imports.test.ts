import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { violationsOf } from './import-rules.js';
import { scanImports } from './scan-imports.js';
import { gitFiles, packagesOfWorkspace, readRepo, sourceFiles } from './workspace.js';

const packages = packagesOfWorkspace();

describe('imports of the repository', () => {
  const files = sourceFiles();

  test('every .ts file in git is walked', (t) => {
    const inGit = gitFiles('*.ts');
    if (!inGit) return t.skip('no git checkout');
    assert.deepEqual(
      inGit.filter((path) => !files.includes(path)),
      [],
    );
    assert.ok(files.length > 50, `only ${files.length} files`);
  });

  test('every import goes in an allowed direction', () => {
    assert.deepEqual(
      files.flatMap((path) => violationsOf(path, readRepo(path), packages)),
      [],
    );
  });

  test('every relative import leads to a file', () => {
    const known = new Set(files);
    const broken = files.flatMap((path) =>
      scanImports(readRepo(path))
        .imports.filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => new URL(specifier, `file:///${path}`).pathname.slice(1).replace(/\.js$/, '.ts'))
        .filter((target) => !known.has(target))
        .map((target) => `${path}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  test('references and dependencies of a package are those that it imports', () => {
    for (const one of packages) {
      const imported = new Set(
        files
          .filter((path) => path.startsWith(`${one.dir}/`))
          .flatMap((path) => scanImports(readRepo(path)).imports.map(({ specifier }) => specifier))
          .flatMap(
            (specifier) => packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`)) ?? [],
          )
          .filter((other) => other !== one),
      );
      const known = [...one.dependencies].filter((name) => name.startsWith('@dolphin/')).sort();
      // The tests are compiled against everything, whether a test of today needs it or not.
      if (one.dir === 'test') continue;
      assert.deepEqual(known, [...imported].map(({ name }) => name).sort(), `dependencies of ${one.dir}`);
      assert.deepEqual(
        [...one.references].sort(),
        [...imported].map(({ dir }) => dir).sort(),
        `references of ${one.dir}`,
      );
    }
  });
});

/** One planted import for each rule: a rule that forbids nothing would be found here. */
const FORBIDDEN: readonly (readonly [path: string, text: string, says: RegExp])[] = [
  ['libs/srs/src/x.ts', "import { a } from '@dolphin/pod/domain/a.js';", /a library imports no service/],
  ['libs/srs/src/x.ts', "export { a } from '@dolphin/edge/domain/a.js';", /a library imports no service/],
  ['services/pod/src/x.ts', "import { a } from '@dolphin/edge/domain/a.js';", /a service imports no other service/],
  ['services/pod/src/x.ts', "const a = await import('@dolphin/edge/main.js');", /a service imports no other service/],
  ['services/pod/src/x.ts', "import type { A } from '../../edge/src/a.js';", /a relative import stays in its package/],
  ['bench/src/x.ts', "import '@dolphin/edge/main.js';", /bench imports no service/],
  ['services/pod/src/x.ts', "import { a } from '@dolphin/pod/domain/a.js';", /does not import itself by name/],
  ['services/pod/src/x.ts', "import './main.js';", /a main is started, not imported/],
  ['libs/protocol/src/x.ts', "import { a } from 'node:net';", /libs\/protocol is pure/],
  ['libs/protocol/src/x.ts', 'export const a = () => Date.now();', /is pure: Date \. now/],
  ['libs/media/src/x.ts', "import { a } from 'node:net';", /libs\/media is pure/],
  ['libs/media/src/x.ts', "import { a } from 'zod';", /libs\/media is pure/],
  ['services/edge/src/x.ts', "import { a } from '@dolphin/protocol';", /an edge loads no schemas/],
  ['services/pod/src/domain/x.ts', "import { a } from 'node:path';", /domain\/ is pure: no node:/],
  ['services/master/src/domain/x.ts', "import { a } from 'nats';", /domain\/ is pure: no node:, no I\/O/],
  ['services/master/src/domain/x.ts', "import { a } from '../nats/a.js';", /domain\/ knows nothing around it/],
  ['services/pod/src/domain/x.ts', 'const a = Date.now();', /is pure: Date \. now/],
  ['services/pod/src/domain/x.ts', 'const a = Math.random();', /is pure: Math \. random/],
  ['services/pod/src/domain/x.ts', 'setTimeout(() => {}, 1);', /is pure: setTimeout/],
  ['services/pod/src/domain/x.ts', 'const a = new Date();', /is pure: new Date/],
  ['services/master/src/app/x.ts', "import { a } from 'node:net';", /app\/ reaches the world .* no I\/O/],
  ['services/master/src/app/x.ts', "import { a } from '../nats/a.js';", /app\/ reaches the world .* values of/],
  ['services/pod/src/x.ts', "import { a } from '@dolphin/eventlog';", /is in package.json and in tsconfig.json/],
  ['services/pod/src/x.ts', "import { a } from 'ioredis';", /names it in its package.json/],
  ['services/pod/src/x.ts', 'const a = await import(name);', /whose name is computed/],
];

describe('a planted forbidden import is found', () => {
  for (const [path, text, says] of FORBIDDEN) {
    test(`${path}: ${text}`, () => assert.match(violationsOf(path, text, packages).join('\n'), says));
  }

  test('in the middle of code that looks like comments, strings and regular expressions', () => {
    const template = ['`// $', "{'`'} /*`"].join('');
    const text = `const a = /['"\`/*]/; const b = ${template}; /* ' */ // "\nimport x from '@dolphin/pod/main.js';`;
    assert.match(violationsOf('libs/srs/src/x.ts', text, packages).join('\n'), /:2: a library imports no service/);
  });
});

describe('what is no import is not taken for one', () => {
  const harmless = [
    "// import { a } from '@dolphin/pod/a.js';",
    'const a = "import { a } from \'@dolphin/pod/a.js\'";',
    "const a = `import { a } from '@dolphin/pod/a.js'`;",
    "const a = import.meta.url; const b = 'node:net';",
    "export const from = 'node:net';",
    "export type A = 'node:net';",
    "thing.import('node:net'); thing.require('node:net');",
    "/* import 'node:net' */ const a = b / c / d; const e = 'node:net';",
  ];
  for (const text of harmless) {
    test(text, () => assert.deepEqual(scanImports(text).imports, []));
  }
});
