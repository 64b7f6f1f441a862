import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildStamps, bundleOf, bundleStampsOf, isBundleFresh } from '@dolphin/runtime/newest-form.js';
import { build, type Plugin } from 'esbuild';
import { ROOT } from './up/places.js';

/**
 * A step of the build, after the compiler: makes one file of each program that is started often, unless the last one is of the present build.
 * A program of hundreds of modules spends most of its start on finding and reading them.
 */
const services = await readdir(join(ROOT, 'services'));
const MAINS = [...services.map((name) => `services/${name}/dist/main.js`), 'services/pod/dist/relay/main.js'];

/** What bundles are made by, as the compiler wrote it. */
const BUNDLER = 'services/launcher/dist/bundle-programs.js';

/** What is CommonJS in a bundle asks for Node's own modules with require. */
const REQUIRE =
  "import { createRequire as dolphinRequire } from 'node:module';\nconst require = dolphinRequire(import.meta.url);";

for (const path of MAINS) {
  const main = pathToFileURL(join(ROOT, path));
  if (!isBundleFresh(main)) await bundle(main, await builtFiles(path));
}

/**
 * What changes when a module does that the program may load, or the way in which they are bundled, from its main module: the compiler's
 * notes, that of the npm packages, and this module.
 */
async function builtFiles(main: string): Promise<string[]> {
  const libs = (await readdir(join(ROOT, 'libs'))).map((name) => `libs/${name}`);
  const service = main.split('/').slice(0, 2).join('/');
  const notes = [...libs, service].map((dir) => `${dir}/dist/.tsbuildinfo`);
  const files = [...notes, 'node_modules/.dolphin-lock', BUNDLER];
  return files.map((path) => relative(join(ROOT, main, '..'), join(ROOT, path)));
}

/** The stamps are from before the modules are read, so that a build meanwhile makes the bundle stale; they come last. */
async function bundle(main: URL, built: readonly string[]): Promise<void> {
  const stamps = buildStamps(main, built);
  rmSync(bundleStampsOf(main), { force: true });
  const file = fileURLToPath(bundleOf(main));
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(main)],
    outfile: file,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    banner: { js: REQUIRE },
    plugins: [loadedFirst(file), ownUrls(file)],
  });
  // A name of its own: what a killed build left may be bundling as well, and nobody may load half a file.
  const written = `${file}.${process.pid}`;
  for (const { contents } of outputFiles) writeFileSync(written, contents);
  renameSync(written, file);
  writeFileSync(bundleStampsOf(main), `${JSON.stringify(stamps)}\n`);
}

/** What `bin/dolphin-edge` loads before the rest holds signals for it: the bundle takes that module, not a copy. */
function loadedFirst(bundleFile: string): Plugin {
  return {
    name: 'loaded-first',
    setup: ({ onResolve }) => {
      onResolve({ filter: /\/early-signals\.js$/ }, ({ path, resolveDir }) => ({
        path: `./${relative(join(bundleFile, '..'), join(resolveDir, path))}`,
        external: true,
      }));
    },
  };
}

/** Our modules find files from where they lie: `import.meta.url` stays that of the module. */
function ownUrls(bundleFile: string): Plugin {
  return {
    name: 'own-urls',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\/(libs|services)\/[^/]+\/dist\/.*\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes('import.meta.url')) return { contents: text };
        const from = JSON.stringify(relative(join(bundleFile, '..'), path));
        return { contents: text.replaceAll('import.meta.url', `new URL(${from}, import.meta.url).href`) };
      });
    },
  };
}
