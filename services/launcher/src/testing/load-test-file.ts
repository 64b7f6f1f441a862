import { test } from 'node:test';

/** Loads a test file into this process. One that does not load is a failed test of its own, and keeps no other from running. */
export async function loadTestFile(file: string, load: () => Promise<unknown>): Promise<void> {
  try {
    await load();
  } catch (error) {
    test(`${file} loads`, () => {
      throw error;
    });
  }
}

/** Fails a process that one of its files ends: the tests that had not run would not be missed, a whole directory's. */
export function failIfEnded(): void {
  let isDone = false;
  process.on('beforeExit', () => {
    isDone = true;
  });
  process.on('exit', () => {
    if (isDone || (process.exitCode ?? 0) !== 0) return;
    process.stderr.write('the process was ended before all its tests had run\n');
    process.exitCode = 1;
  });
}
