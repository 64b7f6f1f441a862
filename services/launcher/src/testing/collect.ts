import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** In the order in which they run: the longest first, so that at the end no processor waits for another one's. */
export const KINDS = ['e2e', 'integration', 'repo', 'unit'] as const;
export type Kind = (typeof KINDS)[number];

/** The compiled tests of a kind, sorted. The compiler leaves those whose source is gone: they are none any more. */
export function testFiles(root: string, kind: Kind): string[] {
  const top = join(root, 'test/dist', kind);
  let names: string[];
  try {
    names = readdirSync(top, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.test.js'))
    .filter((name) => existsSync(join(root, 'test', kind, name.replace(/\.js$/, '.ts'))))
    .sort()
    .map((name) => join(top, name));
}
