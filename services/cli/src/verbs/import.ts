import { DolphinError } from '@dolphin/protocol/plain.js';
import { exchange } from '@dolphin/runtime/exchange.js';
import { busPlace, type FarmPlaces } from '../files/find-farm.js';
import { checkExport, messagesOf } from '../files/import-file.js';
import type { ImportAsked } from '../import-command.js';
import { hearFarm } from '../nats/hear-farm.js';
import { writeImport } from '../nats/write-import.js';
import { printJson, printLines } from './output.js';

/** A master answers from memory. */
const KNOCK_MS = 1_000;
const MAX_KNOCK_BYTES = 64 * 1024;

/**
 * Writes an exported log into a NATS that has none of the farm. Whoever is of the farm would begin while half of it is there:
 * masters and workers are to be ended before. Throws E_CONFIG, E_FARM_MISMATCH, E_FARM_RUNS, E_FARM_EXISTS, E_LOG_CONFLICT, …
 */
export async function importLog(places: FarmPlaces, o: ImportAsked & { readonly json: boolean }): Promise<number> {
  const exported = await checkExport(o.from);
  const { farm, farmId, lastSequence } = exported.header;
  if (places.farm !== null && places.farm !== farm) {
    throw new DolphinError('E_FARM_MISMATCH', { ours: places.farm, theirs: farm });
  }
  const bus = busPlace({ ...places, farm });
  if (bus === null)
    throw new DolphinError('E_CONFIG', { where: '--nats', why: 'no cli.json of an up says where NATS is' });
  const { server, heartbeats, announced } = await hearFarm(bus);
  if ('code' in server) throw new DolphinError('E_BUS_UNAVAILABLE', { why: server.message });
  const [heard] = heartbeats;
  if (heard) throw runs(farm, `host ${heard.heartbeat.host}`);
  if (announced) throw runs(farm, `master ${announced.master.id}`);
  for (const api of places.apis) if (await isThere(api)) throw runs(farm, `a master at ${api}`);
  const written = await writeImport(bus, exported, messagesOf(o.from, exported));
  const { messages } = exported.end;
  if (o.json) printJson({ schema: 'dolphin.imported/1', file: o.from, farm, farmId, lastSequence, messages, written });
  else
    printLines([`farm ${farm}, ${messages} messages up to sequence ${lastSequence}, ${written} of them written now`]);
  return 0;
}

function runs(farm: string, who: string): DolphinError {
  return new DolphinError('E_FARM_RUNS', { farm, who });
}

async function isThere(api: string): Promise<boolean> {
  try {
    await exchange(`${api}/healthz`, { timeoutMs: KNOCK_MS, maxBytes: MAX_KNOCK_BYTES });
    return true;
  } catch {
    return false;
  }
}
