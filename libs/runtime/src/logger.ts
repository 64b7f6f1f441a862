import { createRequire } from 'node:module';
import { pino } from 'pino';
import type { LogFile } from './log-file.js';
import { type LogLevels, levelOf, readLogLevels } from './log-levels.js';
import { REDACTED, REDACTED_PATHS, withoutSecrets } from './redaction.js';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** Who speaks: `pod`, `master`, `edge`, … Stands in every line. */
  component: string;
  /**
   * trace, debug, info, warn, error, fatal or silent; others for single components after it: `info,master.reconcile=debug`.
   * Default: DOLPHIN_LOG_LEVEL, or info.
   */
  level?: string;
  /** For people rather than machines. Default: when stderr is a terminal. */
  pretty?: boolean;
  /** In place of stderr. */
  file?: LogFile;
}

/** What a logger of createLogger was made of, for those of its components. */
const origins = new WeakMap<Logger, { root: Logger; component: string; levels: LogLevels }>();

/**
 * JSON lines on stderr, or in a file. On stderr they are written synchronously: the last words of a process that is about to die are not lost. Secrets are
 * not written: fields that are named as such, users and passwords in URLs, bearer tokens.
 */
export function createLogger(options: LoggerOptions): Logger {
  const levels = readLogLevels(options.level ?? process.env['DOLPHIN_LOG_LEVEL'] ?? '');
  const pretty = options.pretty ?? process.stderr.isTTY === true;
  const destination = options.file ?? (pretty ? prettyLines() : pino.destination({ dest: 2, sync: true }));
  const root = pino(
    {
      base: null,
      redact: { paths: [...REDACTED_PATHS], censor: REDACTED },
      hooks: { streamWrite: withoutSecrets },
    },
    destination,
  );
  const logger = childOf(root, options.component, levels);
  if (levels.unknown.length > 0) logger.warn({ asked: levels.unknown.join(',') }, 'unknown log level, info is used');
  return logger;
}

/** Loaded where a person looks only: a process that is started again while viewers wait has no time for it. */
function prettyLines(): pino.DestinationStream {
  const { PinoPretty } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  return PinoPretty({
    destination: 2,
    sync: true,
    ignore: 'pid,hostname,component',
    messageFormat: '{component}: {msg}',
  });
}

/** `master` and `reconcile` → a logger of `master.reconcile`, with the level that was asked for that. */
export function componentLogger(logger: Logger, name: string): Logger {
  const origin = origins.get(logger);
  return origin ? childOf(origin.root, `${origin.component}.${name}`, origin.levels) : logger;
}

function childOf(root: Logger, component: string, levels: LogLevels): Logger {
  const child = root.child({ component, pid: process.pid }, { level: levelOf(levels, component) });
  origins.set(child, { root, component, levels });
  return child;
}

/** Says nothing: for tests and for libraries that were given no logger. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
