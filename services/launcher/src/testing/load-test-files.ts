import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

/** Loads test files into this process. One that does not load is a failed test of its own, and keeps no other from running. */
export async function loadTestFiles(files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      test(`${file} loads`, () => {
        throw error;
      });
    }
  }
}
