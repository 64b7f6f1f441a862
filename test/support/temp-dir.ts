import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onCleanup, type TestScope } from './cleanup.js';

/** An empty directory that goes when the test ends. Short: a unix socket's path may have 107 bytes. */
export async function tempDir(t: TestScope): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dolphin-'));
  onCleanup(t, () => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}
