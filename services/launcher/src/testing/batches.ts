import { join, relative, sep } from 'node:path';

/** Test files that share a process; one file alone is a batch as well. */
export interface Batch {
  /** `unit/master`, `integration/pod-2`; of a file that shares with none: its path below test/dist. */
  readonly name: string;
  /** Absolute, in the order in which they are loaded. */
  readonly files: readonly string[];
}

/**
 * Integration tests of one program that share a process. To start Node and load what they need takes half a second of a
 * processor; more at once, and the last batch of a run would keep one processor busy while the others wait.
 */
const INTEGRATION_FILES = 4;

/**
 * Cuts test files, absolute and below test/dist, into batches, in the order in which their first files come. What works
 * on values alone shares a process with its neighbours: to start Node and load the same modules again for each file costs
 * more than most of these tests do. Integration tests share one by a few. End-to-end tests have a process of their own, and so
 * have the fuzz tests: in the long mode each of their files takes most of an hour.
 */
export function batchesOf(root: string, files: readonly string[]): Batch[] {
  const batches = new Map<string, string[]>();
  const ofProgram = new Map<string, number>();
  for (const file of files) {
    const path = relative(join(root, 'test/dist'), file).split(sep);
    const name = path[0] === 'integration' ? integrationBatch(path, ofProgram) : batchName(path);
    batches.set(name, [...(batches.get(name) ?? []), file]);
  }
  return [...batches].map(([name, members]) => ({ name, files: members }));
}

/** The first word of a file's name says of which program its tests are. */
function integrationBatch(path: readonly string[], ofProgram: Map<string, number>): string {
  const [program = ''] = (path[1] ?? '').split(/[-.]/);
  const before = ofProgram.get(program) ?? 0;
  ofProgram.set(program, before + 1);
  return `integration/${program}-${Math.floor(before / INTEGRATION_FILES) + 1}`;
}

function batchName(path: readonly string[]): string {
  const [kind = '', directory = ''] = path;
  const isShared = kind === 'repo' || (kind === 'unit' && directory !== 'fuzz' && path.length > 2);
  return isShared ? path.slice(0, kind === 'repo' ? 1 : 2).join('/') : path.join('/');
}
