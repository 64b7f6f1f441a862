import { pino } from 'pino';
import { PinoPretty } from 'pino-pretty';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** Who speaks: `pod`, `master`, `edge`, … Stands in every line. */
  component: string;
  /** trace, debug, info, warn, error, fatal or silent. Default: DOLPHIN_LOG_LEVEL, or info. */
  level?: string;
  /** For people rather than machines. Default: when stderr is a terminal. */
  pretty?: boolean;
}

const LEVELS = new Set([...Object.keys(pino.levels.values), 'silent']);

/** JSON lines on stderr, written synchronously: the last words of a process that is about to die are not lost. */
export function createLogger(options: LoggerOptions): Logger {
  const asked = options.level ?? process.env['DOLPHIN_LOG_LEVEL'] ?? 'info';
  const level = LEVELS.has(asked) ? asked : 'info';
  const pretty = options.pretty ?? process.stderr.isTTY === true;
  const destination = pretty
    ? PinoPretty({ destination: 2, sync: true, ignore: 'pid,hostname,component', messageFormat: '{component}: {msg}' })
    : pino.destination({ dest: 2, sync: true });
  const logger = pino({ level, base: { component: options.component, pid: process.pid } }, destination);
  if (level !== asked) logger.warn({ asked }, 'unknown log level, info is used');
  return logger;
}

/** Says nothing: for tests and for libraries that were given no logger. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
