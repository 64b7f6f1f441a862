import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { repoRoot } from '../support/paths.js';
import type { Package } from './import-rules.js';

export const readRepo = (path: string) => readFileSync(join(repoRoot, path), 'utf8');

/** Files of the checkout, tracked or about to be, as paths from its top; null where there is no git. */
export function gitFiles(...patterns: string[]): string[] | null {
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns];
    const list = execFileSync('git', args, { cwd: repoRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [...new Set(list.split('\0'))].filter((path) => path !== '' && existsSync(join(repoRoot, path))).sort();
  } catch {
    return null;
  }
}

/** Every directory of the workspace that is a package. */
export function packageDirs(): string[] {
  const below = (top: string) => readdirSync(join(repoRoot, top)).map((name) => `${top}/${name}`);
  const dirs = [...below('libs'), ...below('services'), 'bench', 'test'];
  return dirs.filter((dir) => existsSync(join(repoRoot, dir, 'package.json')));
}

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
}

export const manifestOf = (dir: string) => JSON.parse(readRepo(join(dir, 'package.json'))) as Manifest;

export function packagesOfWorkspace(): Package[] {
  return packageDirs().map((dir) => {
    const manifest = manifestOf(dir);
    const config = JSON.parse(readRepo(`${dir}/tsconfig.json`)) as { references?: { path: string }[] };
    return {
      dir,
      name: manifest.name,
      dependencies: new Set(Object.keys(manifest.dependencies ?? {})),
      references: new Set((config.references ?? []).map(({ path }) => normalize(join(dir, path)))),
    };
  });
}

/** Every .ts file below the packages, found by walking directories, not by asking git. */
export function sourceFiles(): string[] {
  return packageDirs()
    .flatMap((dir) => walk(dir))
    .sort();
}

function walk(dir: string): string[] {
  return readdirSync(join(repoRoot, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return ['dist', 'node_modules', 'data'].includes(entry.name) ? [] : walk(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}
