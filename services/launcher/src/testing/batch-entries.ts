import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Batch } from './batches.js';

/**
 * What node's test runner starts for each batch. It takes the name of a file and nothing else (Node 20), so a batch of
 * several files gets a file that loads them one by one.
 */
export class BatchEntries {
  readonly #dir = mkdtempSync(join(tmpdir(), 'dolphin-batches-'));

  entryOf({ name, files }: Batch): string {
    const [file, ...more] = files;
    if (file !== undefined && more.length === 0) return file;
    const entry = join(this.#dir, `${name.replaceAll('/', '-')}.mjs`);
    const loader = JSON.stringify(new URL('./load-test-file.js', import.meta.url).href);
    const loads = files.map((each) => {
      const url = JSON.stringify(pathToFileURL(each).href);
      return `await loadTestFile(${JSON.stringify(each)}, () => import(${url}));\n`;
    });
    const imports = `import { failIfEnded, loadTestFile } from ${loader};\n`;
    writeFileSync(entry, [imports, 'failIfEnded();\n', ...loads].join(''));
    return entry;
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
