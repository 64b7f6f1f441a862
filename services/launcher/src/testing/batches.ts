import { join, relative, sep } from 'node:path';

/** Test files that share a process; one file alone is a batch as well. */
export interface Batch {
  /** Where its files lie: `unit/master`; of one file: its path below test/dist. */
  readonly name: string;
  /** Absolute, in the order in which they are loaded. */
  readonly files: readonly string[];
}

/**
 * Cuts test files, absolute and below test/dist, into batches, in the order in which their first files come. What works
 * on values alone shares a process with its neighbours: to start Node and load the same modules again for each file costs
 * more than most of these tests do. Everything else has a process of its own, and so have the fuzz tests: in the long
 * mode each of their files takes most of an hour.
 */
export function batchesOf(root: string, files: readonly string[]): Batch[] {
  const batches = new Map<string, string[]>();
  for (const file of files) {
    const name = batchName(relative(join(root, 'test/dist'), file).split(sep));
    batches.set(name, [...(batches.get(name) ?? []), file]);
  }
  return [...batches].map(([name, members]) => ({ name, files: members }));
}

function batchName(path: readonly string[]): string {
  const [kind = '', directory = ''] = path;
  const isShared = kind === 'repo' || (kind === 'unit' && directory !== 'fuzz' && path.length > 2);
  return isShared ? path.slice(0, kind === 'repo' ? 1 : 2).join('/') : path.join('/');
}
