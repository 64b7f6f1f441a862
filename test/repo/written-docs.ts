import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repoRoot } from '../support/paths.js';
import { readRepo } from './workspace.js';

/** Holds a generated page to what it is generated from; DOLPHIN_WRITE_DOCS=1 writes it. */
export function holdPage(path: string, text: string): void {
  if (process.env['DOLPHIN_WRITE_DOCS'] === '1') {
    mkdirSync(dirname(join(repoRoot, path)), { recursive: true });
    writeFileSync(join(repoRoot, path), text);
    return;
  }
  const now = existsSync(join(repoRoot, path)) ? readRepo(path) : '';
  assert.equal(now, text, `${path} is not what the code says: DOLPHIN_WRITE_DOCS=1 ./dolphin test repo writes it`);
}
