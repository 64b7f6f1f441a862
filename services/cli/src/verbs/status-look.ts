import { DolphinError } from '@dolphin/protocol/plain.js';
import type { SeenFarm } from '../domain/seen-farm.js';
import { type SourceChoice, type SourceName, sourceOrder } from '../domain/source-order.js';
import { STATUS_SCHEMA, type Status, sumUp } from '../domain/status.js';
import { STATUS_EXIT } from '../domain/status-level.js';
import type { FarmPlaces } from '../files/find-farm.js';
import { askEdges } from '../http/ask-edges.js';
import type { MasterClient } from '../http/master-client.js';
import { printJson, say } from './output.js';
import { askSource } from './status-sources.js';

export interface StatusPlaces extends FarmPlaces {
  readonly client: MasterClient;
}

/** Why a source told nothing. */
export interface SilentSource {
  readonly type: SourceName;
  readonly error: DolphinError;
}

/** The first source that knows the farm; else one that answers without knowing it; else why each does not. */
export async function look(places: StatusPlaces, choice: SourceChoice): Promise<Status | SilentSource[]> {
  const silent: SilentSource[] = [];
  let ignorant: Status | null = null;
  for (const type of sourceOrder(choice)) {
    try {
      const start = performance.now();
      const { farm, address } = await askSource(type, places);
      const answeredMs = Math.round(performance.now() - start);
      const shown = await statusOf(farm, { type, address, answeredMs, tried: triedOf(silent) });
      if (shown.level !== 'unknown') return shown;
      ignorant ??= shown;
      const why = 'it knows nothing of the farm';
      silent.push({ type, error: new DolphinError('E_UNREACHABLE', { what: type, address, why }) });
    } catch (error) {
      if (!(error instanceof DolphinError)) throw error;
      silent.push({ type, error });
    }
  }
  return ignorant ?? silent;
}

/** What a source tells of the farm, and its edges of themselves. */
export async function statusOf(farm: SeenFarm, source: Omit<Status['source'], 'ageMs'>): Promise<Status> {
  const answers = await askEdges(farm);
  return sumUp(farm, answers, { at: new Date().toISOString(), ...source });
}

/** Nobody tells. Gives the exit code. */
export function printSilence(
  silent: readonly SilentSource[],
  o: { readonly json: boolean; readonly pretty: boolean },
): number {
  for (const { error } of silent) say(`unknown: ${error.message}`);
  const { error } = silent[0]?.error.toAnswer() ?? {};
  const tried = triedOf(silent);
  if (o.json) {
    printJson({ schema: STATUS_SCHEMA, at: new Date().toISOString(), level: 'unknown', error, tried }, o.pretty);
  }
  return STATUS_EXIT.unknown;
}

function triedOf(silent: readonly SilentSource[]): Status['source']['tried'] {
  return silent.map(({ type, error }) => ({ type, why: error.message }));
}
