import { join } from 'node:path';
import { POD_NAMES_NAME, type PodNames } from '@dolphin/protocol';
import { writeFileAtomic } from '@dolphin/runtime';

/** RUN_DIR/names.json: what a pod that runs already learns of a changed configuration. */
export function writeNames(runDir: string, names: PodNames): Promise<void> {
  return writeFileAtomic(join(runDir, POD_NAMES_NAME), `${JSON.stringify(names, null, 1)}\n`);
}
