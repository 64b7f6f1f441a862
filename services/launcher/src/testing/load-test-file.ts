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
