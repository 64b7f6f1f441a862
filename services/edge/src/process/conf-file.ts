import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfError, type Directive, loadConf } from '@dolphin/srs/conf.js';
import type { ConfSource } from '../app/live-settings.js';
import type { Log } from '../app/ports.js';
import { readSettings } from '../domain/settings.js';
import { checkFileLimit } from './claims.js';

/**
 * The conf of this process, at start and at each reload. Names in it are relative to where the process was started, also
 * after it went to its work_dir. Both steps throw ConfError.
 */
export function confSource(file: string, log: () => Log): ConfSource<Directive[]> {
  const startDir = process.cwd();
  let isReload = false;
  return {
    load: () => {
      const directives = loadConf(file, (name) => {
        const path = resolve(startDir, name);
        // At start it may be a pipe. Later a pipe has nothing left, and waiting for it would stop all media.
        if (isReload && !statSync(path).isFile()) throw new Error('not a regular file');
        return readFileSync(path, 'utf8');
      });
      isReload = true;
      if (directives.length === 0) throw new ConfError(file, 1, 'an empty conf');
      return directives;
    },
    check: (directives) => {
      const { settings, warnings } = readSettings(directives);
      for (const warning of warnings) log().warn({ at: `${warning.file}:${warning.line}` }, warning.why);
      checkFileLimit(settings, file);
      return settings;
    },
  };
}
