import type { TestContext } from 'node:test';

/** What test helpers need of a test: the hook that runs at its end. */
export type TestScope = Pick<TestContext, 'after'>;

const stacks = new WeakMap<TestScope, (() => unknown)[]>();

/**
 * Runs `undo` when the test ends, the last registered first (node:test's own `after` runs the first first, and
 * would take a directory from under the process that still writes to it). Every one runs; the first failure is told.
 */
export function onCleanup(t: TestScope, undo: () => unknown): void {
  let stack = stacks.get(t);
  if (!stack) {
    const fresh: (() => unknown)[] = [];
    stack = fresh;
    stacks.set(t, fresh);
    t.after(async () => {
      const failures: unknown[] = [];
      for (let step = fresh.pop(); step; step = fresh.pop()) {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    });
  }
  stack.push(undo);
}
