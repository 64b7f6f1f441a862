import type { ApplyAsked } from '../apply-command.js';
import { readSpec } from '../files/read-spec.js';
import type { MasterApi } from '../http/master-api.js';
import { applied } from './applied.js';
import { printPlan } from './plan.js';
import { asker } from './who.js';

/** Asks the farm to become what the file says. Throws DolphinError; E_CONFIG names file, line and field. */
export async function apply(api: MasterApi, o: ApplyAsked & { readonly json: boolean }): Promise<number> {
  const spec = readSpec(o.file);
  if (o.dryRun) return printPlan(await api.plan({ spec }), o);
  return applied(api, await api.apply({ spec, ...asker(o.why) }, o.ifMatch), o);
}
