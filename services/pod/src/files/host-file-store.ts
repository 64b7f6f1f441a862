import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DolphinError, POD_HOST_FILE_NAME } from '@dolphin/protocol';
import { writeFileAtomic } from '@dolphin/runtime';
import type { Log } from '../app/ports.js';
import { HostFile, MAX_HOST_FILE_BYTES, newHostFile } from '../domain/host-file.js';

export interface HostFileStore {
  load(): HostFile;
  save(file: HostFile): Promise<void>;
}

/** A file of another host is refused: its edges are not ours. One that cannot be read is put aside, and told of. */
export function openHostFile(runDir: string, host: string, log: Log): HostFileStore {
  const path = join(runDir, POD_HOST_FILE_NAME);
  return {
    load() {
      if (!existsSync(path)) return newHostFile(host);
      let file: HostFile;
      try {
        const text = readFileSync(path, 'utf8');
        if (text.length > MAX_HOST_FILE_BYTES) throw new Error(`it is larger than ${MAX_HOST_FILE_BYTES} bytes`);
        file = HostFile.parse(JSON.parse(text));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        renameSync(path, `${path}.bad`);
        log.error({ path, why }, 'cannot be read: put aside as .bad, and begun anew');
        return newHostFile(host);
      }
      if (file.host !== host) throw new DolphinError('E_HOST_MISMATCH', { ours: host, theirs: file.host });
      return file;
    },
    save: (file) => writeFileAtomic(path, `${JSON.stringify(file, null, 1)}\n`),
  };
}
