import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { POD_NAMES_NAME, PodNames } from '@dolphin/protocol';
import type { Log } from '../app/ports.js';

/** What specifications name, and paths of this host: the program behind an engine, the file of a conf. */
export interface Names {
  readonly engines: ReadonlyMap<string, string>;
  readonly confs: ReadonlyMap<string, string>;
}

/** 128 names, each with the longest path that Linux takes. */
const MAX_NAMES_BYTES = 1024 * 1024;

/**
 * The names of now: those of the command line, and those of RUN_DIR/names.json, which counts more and is read again when it
 * is another file. So a pod learns a new engine from its worker without an end of its edges. Of a file that cannot be read it
 * is told once, and what was known holds.
 */
export function openNames(runDir: string, engines: ReadonlyMap<string, string>, log: Log): () => Names {
  const path = join(runDir, POD_NAMES_NAME);
  let names: Names = { engines, confs: new Map() };
  let seen = '';
  return () => {
    const file = statSync(path, { throwIfNoEntry: false });
    const identity = file === undefined ? '' : `${file.ino}:${file.mtimeMs}:${file.size}`;
    if (identity === seen) return names;
    seen = identity;
    if (file === undefined) return names;
    try {
      if (file.size > MAX_NAMES_BYTES) throw new Error(`it is larger than ${MAX_NAMES_BYTES} bytes`);
      const read = PodNames.parse(JSON.parse(readFileSync(path, 'utf8')));
      const byName = (paths: Record<string, string>) => new Map(Object.entries(paths));
      names = { engines: new Map([...engines, ...byName(read.engines)]), confs: byName(read.confs) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error({ path, why }, 'cannot be read: the names that were known hold');
    }
    return names;
  };
}
