import type { ConfView } from '@dolphin/srs/conf.js';
import type { Warning } from './directives.js';
import type { QuitWaits } from './quit-rules.js';

/** What a conf says about the process, whatever it serves. */
export interface ProcessSettings {
  /** Null: one is made at start. */
  readonly serverId: string | null;
  readonly pidFile: string | null;
  readonly workDir: string | null;
  readonly log: LogSettings;
  readonly quit: QuitWaits;
  /** SIGTERM ends it as slowly as SIGQUIT. */
  readonly forceGraceQuit: boolean;
}

export interface LogSettings {
  /** Null: stderr. */
  readonly file: string | null;
  /** Pino's word; null: the conf says nothing. */
  readonly level: string | null;
}

/** SRS: SRS_CONF_DEFAULT_*. */
const DEFAULTS = { logFile: './objs/srs.log', startMs: 2300, finalMs: 3200 } as const;
const MAX_GRACE_MS = 3_600_000;

/** SRS's own words, of which `trace` is the one for everyday use, and those of its v2, which are everybody's. */
const LEVELS: Readonly<Record<string, string>> = {
  verbose: 'trace',
  info: 'debug',
  trace: 'info',
  warn: 'warn',
  error: 'error',
  disabled: 'silent',
};
const LEVELS_V2: Readonly<Record<string, string>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  disabled: 'silent',
};

/** Throws ConfError. */
export function readProcess(root: ConfView, warnings: Warning[]): ProcessSettings {
  const daemon = root.find('daemon');
  if (daemon?.args[0] === 'on') {
    const { file, line } = daemon;
    warnings.push({ file, line, why: 'daemon: it stays in the foreground, for whoever started it to watch' });
  }
  const grace = (name: string, fallback: number) => root.int(name, fallback, { max: MAX_GRACE_MS });
  return {
    serverId: root.string('server_id', '') || null,
    pidFile: root.string('pid', '') || null,
    workDir: root.string('work_dir', '') || null,
    log: { file: logFileOf(root), level: levelOf(root, warnings) },
    quit: {
      startMs: grace('grace_start_wait', DEFAULTS.startMs),
      finalMs: grace('grace_final_wait', DEFAULTS.finalMs),
    },
    forceGraceQuit: root.onOff('force_grace_quit', false),
  };
}

/** SRS writes a file where the conf says nothing. Here it has to be asked for: under a pod stderr is where logs go. */
function logFileOf(root: ConfView): string | null {
  const tank = root.choice('srs_log_tank', ['file', 'console'], 'console');
  return tank === 'file' ? root.string('srs_log_file', DEFAULTS.logFile) : null;
}

function levelOf(root: ConfView, warnings: Warning[]): string | null {
  const name = root.has('srs_log_level_v2') ? 'srs_log_level_v2' : 'srs_log_level';
  const found = root.find(name);
  if (found === undefined) return null;
  const words = name === 'srs_log_level' ? LEVELS : LEVELS_V2;
  const level = words[root.string(name, '')];
  if (level !== undefined) return level;
  const { file, line } = found;
  warnings.push({ file, line, why: `${name} is one of ${Object.keys(words).join(', ')}` });
  return null;
}
