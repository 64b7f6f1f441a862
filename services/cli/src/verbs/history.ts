import { historyLines } from '../domain/history-lines.js';
import type { RollbackAsked } from '../history-commands.js';
import type { MasterApi } from '../http/master-api.js';
import { applied } from './applied.js';
import { printJson, printLines } from './output.js';
import { asker } from './who.js';

/** Every specification that was applied, newest first. */
export async function history(api: MasterApi, { json }: { readonly json: boolean }): Promise<number> {
  const { versions } = await api.history();
  if (json) printJson({ schema: 'dolphin.history/1', versions });
  else printLines(historyLines(versions, (ms) => -new Date(ms).getTimezoneOffset()));
  return 0;
}

/** Applies a specification of before anew. */
export async function rollback(api: MasterApi, o: RollbackAsked & { readonly json: boolean }): Promise<number> {
  return applied(api, await api.rollback({ to: o.to, ...asker(o.why) }, o.ifMatch), o);
}
