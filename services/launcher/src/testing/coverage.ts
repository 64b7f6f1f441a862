import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Node writes the coverage of every process that starts while NODE_V8_COVERAGE is set. */
export class Coverage {
  readonly #dir = mkdtempSync(join(tmpdir(), 'dolphin-coverage-'));

  async during<T>(work: () => Promise<T>): Promise<T> {
    process.env['NODE_V8_COVERAGE'] = this.#dir;
    try {
      return await work();
    } finally {
      delete process.env['NODE_V8_COVERAGE'];
    }
  }

  /** Prints the summary over all sources, those that no test loaded too. */
  async report(root: string): Promise<void> {
    const included = ['libs/*/dist/**/*.js', 'services/*/dist/**/*.js'].flatMap((glob) => ['--include', glob]);
    const args = ['report', '--temp-directory', this.#dir, '--reporter', 'text-summary', '--all', ...included];
    await new Promise<void>((resolve) => {
      const c8 = spawn(process.execPath, [join(root, 'node_modules/c8/bin/c8.js'), ...args], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      c8.once('error', () => resolve());
      c8.once('exit', () => resolve());
    });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
