import { dirname, join, normalize } from 'node:path';
import { type ScannedImport, scanImports } from './scan-imports.js';

/** One package of the workspace, as its package.json and tsconfig.json describe it. */
export interface Package {
  /** `libs/media` */
  readonly dir: string;
  /** `@dolphin/media` */
  readonly name: string;
  readonly dependencies: ReadonlySet<string>;
  /** Directories of the packages that its tsconfig.json refers to. */
  readonly references: ReadonlySet<string>;
}

/** An import, together with what the rules ask about it. */
interface Edge extends ScannedImport {
  readonly from: Place;
  /** The workspace package that it leads to, its own included; undefined: node or npm. */
  readonly to: Package | undefined;
  /** The imported file from the root, for relative imports. */
  readonly target: string | undefined;
}

interface Place {
  readonly path: string;
  readonly own: Package;
  /** `domain`, `app`, `http`, … or '' right under src. */
  readonly folder: string;
}

interface Rule {
  /** What is forbidden, with the reason. */
  readonly says: string;
  readonly forbids: (edge: Edge) => boolean;
}

const isLib = (one: Package) => one.dir.startsWith('libs/');
const isService = (one: Package) => one.dir.startsWith('services/');
const isTest = (one: Package) => one.dir === 'test';

/** What does I/O, so that nothing pure and no loop on a virtual clock may reach it. */
const IO_PACKAGES = /^(nats|@nats-io\/.*|ioredis|fastify|fastify-.*|@fastify\/.*|pino|pino-.*)$/;
const IO_MODULES =
  /^node:(net|tls|http|https|http2|dgram|fs|fs\/promises|child_process|cluster|worker_threads|timers.*)$/;

/** How the scanner calls an import of what is no string literal. */
const COMPUTED = '<computed>';
/** What scripts of bin/ call: those import no package. */
const PROGRAM_STARTER = 'libs/runtime/src/start-program.ts';

const RULES: readonly Rule[] = [
  {
    says: 'a library imports no service',
    forbids: ({ from, to }) => isLib(from.own) && to !== undefined && !isLib(to),
  },
  {
    says: 'a service imports no other service',
    forbids: ({ from, to }) => isService(from.own) && to !== undefined && to !== from.own && !isLib(to),
  },
  {
    says: 'what is measured is measured from outside: bench imports no service',
    forbids: ({ from, to }) => from.own.dir === 'bench' && to !== undefined && to !== from.own && !isLib(to),
  },
  {
    says: 'a relative import stays in its package',
    forbids: ({ from, target }) => target !== undefined && !target.startsWith(`${from.own.dir}/`),
  },
  {
    says: 'a package does not import itself by name',
    forbids: ({ from, to, target }) => target === undefined && to === from.own && !isTest(from.own),
  },
  {
    says: 'a main is started, not imported',
    forbids: ({ from, target }) => target !== undefined && !isTest(from.own) && /\/src\/main\.ts$/.test(target),
  },
  {
    says: 'libs/protocol is pure: zod and its own files',
    forbids: ({ from, specifier, target }) =>
      from.own.dir === 'libs/protocol' && target === undefined && specifier !== 'zod',
  },
  {
    says: 'libs/media is pure: node:crypto and its own files',
    forbids: ({ from, specifier, target }) =>
      from.own.dir === 'libs/media' && target === undefined && specifier !== 'node:crypto',
  },
  {
    says: 'an edge loads no schemas, it is started while viewers wait: values of plain.js and conf.js only',
    forbids: ({ from, specifier, typeOnly }) =>
      from.own.dir === 'services/edge' && !typeOnly && /^@dolphin\/(protocol|srs)$/.test(specifier),
  },
  {
    says: 'domain/ is pure: no node:, no I/O package',
    forbids: ({ from, specifier }) =>
      from.folder === 'domain' && (specifier.startsWith('node:') || IO_PACKAGES.test(specifier)),
  },
  {
    says: 'domain/ knows nothing around it: relative imports stay in domain/',
    forbids: ({ from, target }) =>
      from.folder === 'domain' && target !== undefined && !target.startsWith(`${from.own.dir}/src/domain/`),
  },
  {
    says: 'app/ reaches the world through its own interfaces: no I/O package or module',
    forbids: ({ from, specifier, typeOnly }) =>
      from.folder === 'app' && !typeOnly && (IO_MODULES.test(specifier) || IO_PACKAGES.test(specifier)),
  },
  {
    says: 'app/ reaches the world through its own interfaces: values of domain/ and app/ only',
    forbids: ({ from, target, typeOnly }) =>
      from.folder === 'app' && !typeOnly && target !== undefined && /\/src\/(?!domain\/|app\/)[^/]+\//.test(target),
  },
  {
    says: 'what is imported from another package of the workspace is in package.json and in tsconfig.json',
    forbids: ({ from, to }) =>
      to !== undefined && to !== from.own && !(from.own.dependencies.has(to.name) && from.own.references.has(to.dir)),
  },
  {
    says: 'an npm package is imported by the package that names it in its package.json',
    forbids: ({ from, specifier, to, target }) =>
      to === undefined &&
      target === undefined &&
      specifier !== COMPUTED &&
      !specifier.startsWith('node:') &&
      !from.own.dependencies.has(npmName(specifier)),
  },
  {
    says: 'nothing is imported whose name is computed, but a program by what starts it',
    forbids: ({ from, specifier }) => specifier === COMPUTED && !isTest(from.own) && from.path !== PROGRAM_STARTER,
  },
];

/** Clock, timers, randomness and the process, where time and ids have to be arguments. */
const IMPURE =
  /\b(Date \. now|Math \. random|performance \. now|setTimeout|setInterval|setImmediate|queueMicrotask|randomUUID|process \.|fetch \()|new Date (\( \)|[;,)])/;

/** What a file breaks, as `path:line: rule`. */
export function violationsOf(path: string, text: string, packages: readonly Package[]): string[] {
  const own = packages.find((one) => path.startsWith(`${one.dir}/`));
  if (!own) return [`${path}:1: belongs to no package of the workspace`];
  const folder = /\/src\/([^/]+)\//.exec(path)?.[1] ?? '';
  const { imports, code } = scanImports(text);
  const from: Place = { path, own, folder };
  const broken = imports.flatMap((found) => {
    const edge = toEdge(found, from, packages);
    return RULES.filter((rule) => rule.forbids(edge)).map(
      (rule) => `${path}:${found.line}: ${rule.says}: ${found.specifier}`,
    );
  });
  const impure = folder === 'domain' || own.dir === 'libs/protocol' ? IMPURE.exec(code) : null;
  if (impure) broken.push(`${path}: domain/ is pure: ${impure[0]}`);
  return broken;
}

function toEdge(found: ScannedImport, from: Place, packages: readonly Package[]): Edge {
  if (!found.specifier.startsWith('.')) {
    const name = npmName(found.specifier);
    return { ...found, from, to: packages.find((one) => one.name === name), target: undefined };
  }
  const target = normalize(join(dirname(from.path), found.specifier)).replace(/\.js$/, '.ts');
  return { ...found, from, to: packages.find((one) => target.startsWith(`${one.dir}/`)), target };
}

/** `@scope/name/deep/file.js` → `@scope/name` */
function npmName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
