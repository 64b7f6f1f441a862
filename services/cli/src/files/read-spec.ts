import { DolphinError, FarmSpec } from '@dolphin/protocol';
import { ConfigError, loadConfig } from '@dolphin/runtime';

/** Throws E_CONFIG with file, line and field. */
export function readSpec(file: string): FarmSpec {
  try {
    return loadConfig({ schema: FarmSpec, file, envPrefix: '', env: {}, flags: {} });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const where = error.line === undefined ? error.file : `${error.file}:${error.line}`;
    const why = error.message.startsWith(`${where}: `) ? error.message.slice(where.length + 2) : error.message;
    throw new DolphinError('E_CONFIG', { where, why }, { cause: error });
  }
}
