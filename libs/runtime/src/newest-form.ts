import { existsSync, readFileSync, statSync } from 'node:fs';

/** Beside a program's main module, written by the build: the program in one file, and of what builds it was made. */
export const bundleOf = (main: URL) => new URL('bundled.mjs', main);
export const bundleStampsOf = (main: URL) => new URL('bundled.json', main);

/** Of each file that a build writes last, its path from the main module, and when it was written (ms); null: there is none. */
export type BuildStamps = Readonly<Record<string, number | null>>;

/** The present ones. */
export function buildStamps(main: URL, paths: readonly string[]): BuildStamps {
  return Object.fromEntries(
    paths.map((path) => [path, statSync(new URL(path, main), { throwIfNoEntry: false })?.mtimeMs ?? null]),
  );
}

/**
 * What to import for a program, given its main module: its bundle, which loads in less than half the time, or the module itself where
 * there is no bundle or where something was built since. So a bundle never hides what `tsc -b` wrote, and nobody has to make one.
 * With coverage it is the modules: counters are kept by file.
 */
export function newestForm(main: URL): URL {
  return process.env['NODE_V8_COVERAGE'] === undefined && isBundleFresh(main) ? bundleOf(main) : main;
}

/** False when one of them is another build's, or gone; also when the bundle or its note is missing, or no such note. */
export function isBundleFresh(main: URL): boolean {
  const noted = readStamps(main);
  if (noted.length === 0 || !existsSync(bundleOf(main))) return false;
  const present = buildStamps(
    main,
    noted.map(([path]) => path),
  );
  return noted.every(([path, at]) => present[path] === at);
}

/** The build writes them anew: what cannot be read is no reason for a program not to start. */
function readStamps(main: URL): [path: string, at: unknown][] {
  try {
    const noted: unknown = JSON.parse(readFileSync(bundleStampsOf(main), 'utf8'));
    return typeof noted === 'object' && noted !== null ? Object.entries(noted) : [];
  } catch {
    return [];
  }
}
