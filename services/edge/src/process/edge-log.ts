import { createLogger, type Logger, openLogFile } from '@dolphin/runtime';
import type { LogSettings } from '../domain/process-settings.js';

/**
 * The log that a conf asks for (`srs_log_tank`, `srs_log_file`, `srs_log_level`), or `before`. DOLPHIN_LOG_LEVEL comes
 * before the conf. Its file is opened anew at SIGUSR1, which is how it is rotated; `close` writes what waits.
 */
export function openLog({ file, level }: LogSettings, before: Logger): { log: Logger; close: () => void } {
  const leveled = level !== null && process.env['DOLPHIN_LOG_LEVEL'] === undefined ? { level } : {};
  if (file === null) {
    const log = 'level' in leveled ? createLogger({ component: 'edge', ...leveled }) : before;
    return { log, close: () => undefined };
  }
  const opened = openLogFile(file);
  const log = createLogger({ component: 'edge', file: opened, ...leveled });
  process.on('SIGUSR1', () => {
    opened.reopen();
    log.info({ file }, 'the log is opened anew');
  });
  return { log, close: () => opened.flush() };
}
