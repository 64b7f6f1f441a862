import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from './batches.js';

/**
 * What node's test runner starts for each batch. It takes the name of a file and nothing else (Node 20), so a batch of
 * several files gets a file that names them.
 */
export class BatchEntries {
  readonly #dir = mkdtempSync(join(tmpdir(), 'dolphin-batches-'));

  entryOf({ name, files }: Batch): string {
    const [file, ...more] = files;
    if (file !== undefined && more.length === 0) return file;
    const entry = join(this.#dir, `${name.replaceAll('/', '-')}.mjs`);
    const loader = JSON.stringify(new URL('./load-test-files.js', import.meta.url).href);
    writeFileSync(
      entry,
      `import { loadTestFiles } from ${loader};\nawait loadTestFiles(${JSON.stringify(files, null, 2)});\n`,
    );
    return entry;
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
