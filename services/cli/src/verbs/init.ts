import type { MasterApi } from '../http/master-api.js';
import type { InitAsked } from '../init-command.js';
import { printJson, printLines } from './output.js';
import { who } from './who.js';

/** Begins a farm's log. Throws DolphinError: E_FARM_EXISTS, E_LOG_LOST, … */
export async function init(api: MasterApi, o: InitAsked & { readonly json: boolean }): Promise<number> {
  const { adoptRunning, farmId: named, json } = o;
  const asked = { ...(adoptRunning && { adoptRunning }), ...(named !== undefined && { farmId: named }) };
  const { farm, farmId } = await api.init({ who: who(), ...asked });
  if (json) printJson({ schema: 'dolphin.init/1', farm, farmId, adoptRunning });
  else {
    printLines([`farm ${farm}: ${farmId}`]);
    if (adoptRunning) printLines(['edges that run become its own; then apply the specification that it had']);
  }
  return 0;
}
