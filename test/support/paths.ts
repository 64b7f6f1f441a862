import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout: where this file's compiled form lies, two or three levels up. */
export const repoRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

/** 64 s of H.264 + AAC at 510 kbit/s, 25 fps. */
export const sampleFlv = join(repoRoot, 'test/data/sample-500k.flv');

export const fromRoot = (...parts: string[]) => join(repoRoot, ...parts);

/** A real SRS to test against, or undefined: then its tests skip and say so. */
export const srsBinary = process.env['SRS_BIN'] || undefined;

/** The same of the 2.0 line, as srs-dolphin ran it. */
export const srs2Binary = process.env['SRS_BIN_2'] || undefined;

function findRoot(dir: string): string {
  if (existsSync(join(dir, 'biome.json'))) return dir;
  const parent = dirname(dir);
  if (parent === dir) throw new Error('not inside a dolphin checkout');
  return findRoot(parent);
}
