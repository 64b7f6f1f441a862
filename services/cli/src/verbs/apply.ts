import { hostname, userInfo } from 'node:os';
import { DolphinError, FarmSpec } from '@dolphin/protocol';
import { ConfigError, loadConfig } from '@dolphin/runtime';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines } from './output.js';

export interface ApplyOptions {
  readonly file: string;
  readonly why: string | undefined;
  readonly ifMatch: number | undefined;
  readonly json: boolean;
}

/** Asks the farm to become what the file says. Throws DolphinError; E_CONFIG names file, line and field. */
export async function apply(api: MasterApi, o: ApplyOptions): Promise<number> {
  const spec = readSpec(o.file);
  const why = o.why === undefined ? {} : { why: o.why };
  const answer = await api.apply({ spec, who: who(), ...why }, o.ifMatch);
  if (o.json) printJson({ schema: 'dolphin.apply/1', ...answer });
  else if (answer.changed) printLines([`applied: spec version ${answer.specVersion}, sequence ${answer.sequence}`]);
  else printLines([`nothing changed: the farm has this specification already, version ${answer.specVersion}`]);
  return 0;
}

function readSpec(file: string): FarmSpec {
  try {
    return loadConfig({ schema: FarmSpec, file, envPrefix: '', env: {}, flags: {} });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const where = error.line === undefined ? error.file : `${error.file}:${error.line}`;
    const why = error.message.startsWith(`${where}: `) ? error.message.slice(where.length + 2) : error.message;
    throw new DolphinError('E_CONFIG', { where, why }, { cause: error });
  }
}

/** user@host, for the log. */
function who(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A user id without an entry in the password file.
  }
  return `${user}@${hostname()}`.slice(0, 256);
}
