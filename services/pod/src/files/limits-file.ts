import { existsSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { POD_LIMITS_NAME, type PodLimits } from '@dolphin/protocol';
import { writeFileAtomic } from '@dolphin/runtime';
import type { LimitsStore } from '../app/limits-desk.js';
import type { Log } from '../app/ports.js';
import { CheckedLimits } from '../domain/limits-schema.js';

/** The most that a request over the control API can bring, and some white space. */
const MAX_LIMITS_BYTES = 1024 * 1024;

/** RUN_DIR/limits.json: limits that were set over the control API. One that cannot be read is put aside, and told of. */
export function openLimitsFile(runDir: string, log: Log): LimitsStore {
  const path = join(runDir, POD_LIMITS_NAME);
  return {
    load() {
      if (!existsSync(path)) return null;
      try {
        const text = readFileSync(path, 'utf8');
        if (text.length > MAX_LIMITS_BYTES) throw new Error(`it is larger than ${MAX_LIMITS_BYTES} bytes`);
        return CheckedLimits.parse(JSON.parse(text));
      } catch (error) {
        renameSync(path, `${path}.bad`);
        const why = error instanceof Error ? error.message : String(error);
        log.error({ path, why }, "cannot be read: put aside as .bad; the configuration's limits hold");
        return null;
      }
    },
    save: (limits: PodLimits) => writeFileAtomic(path, `${JSON.stringify(limits, null, 1)}\n`),
    remove: () => rm(path, { force: true }),
  };
}
