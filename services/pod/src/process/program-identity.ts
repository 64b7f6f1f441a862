import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Changes with the file: a build writes it anew, a package puts another in its place. Empty when there is none. */
export async function fileIdentity(path: string): Promise<string> {
  const file = await stat(path).catch(() => null);
  return file === null ? '' : `${file.dev}:${file.ino}:${file.mtimeMs}:${file.size}`;
}

/** bin/dolphin-edge is a line of code: what it runs lies here, beside bin/. */
const MODULES_OF_BUILT_IN = ['services/edge/dist', 'libs'];

/** As `fileIdentity`, of the built-in server: of its file and of each module of this project that it may load. */
export async function builtInIdentity(path: string): Promise<string> {
  const root = dirname(dirname(await realpath(path).catch(() => path)));
  const listed = await Promise.all(MODULES_OF_BUILT_IN.map((dir) => modulesIn(join(root, dir))));
  const identities = await Promise.all([path, ...listed.flat()].map(fileIdentity));
  return identities.join();
}

async function modulesIn(dir: string): Promise<string[]> {
  const files = await readdir(dir, { recursive: true }).catch(() => []);
  return files
    .filter((file) => file.endsWith('.js'))
    .sort()
    .map((file) => join(dir, file));
}
