import { DolphinError } from '@dolphin/protocol/plain.js';
import { type SourceChoice, type SourceName, sourceOrder } from '../domain/source-order.js';
import { STATUS_SCHEMA, type Status, sumUp } from '../domain/status.js';
import { STATUS_EXIT } from '../domain/status-level.js';
import { statusLines } from '../domain/status-lines.js';
import type { FarmPlaces } from '../files/find-farm.js';
import { askEdges } from '../http/ask-edges.js';
import type { MasterClient } from '../http/master-client.js';
import { printJson, printLines, say } from './output.js';
import { paint } from './paint.js';
import { askSource } from './status-sources.js';

/** The view changes every second. */
const WATCH_MS = 2_000;
const CLEAR = '\u001b[H\u001b[2J';

export interface StatusOptions {
  readonly json: boolean;
  readonly watch: boolean;
  readonly source: SourceChoice;
}

export interface StatusPlaces extends FarmPlaces {
  readonly client: MasterClient;
}

/** Control plane → private ports → each edge → summed up. Gives the exit code. */
export async function status(places: StatusPlaces, o: StatusOptions): Promise<number> {
  for (;;) {
    const code = await once(places, o);
    if (!o.watch) return code;
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

interface Failure {
  readonly type: SourceName;
  readonly error: DolphinError;
}

async function once(places: StatusPlaces, o: StatusOptions): Promise<number> {
  const looked = await look(places, o.source);
  if (o.watch && !o.json && process.stdout.isTTY) process.stdout.write(CLEAR);
  if (Array.isArray(looked)) {
    for (const { error } of looked) say(`unknown: ${error.message}`);
    const { error } = looked[0]?.error.toAnswer() ?? {};
    const tried = triedOf(looked);
    if (o.json) {
      printJson({ schema: STATUS_SCHEMA, at: new Date().toISOString(), level: 'unknown', error, tried }, !o.watch);
    }
    return STATUS_EXIT.unknown;
  }
  if (o.json) printJson(looked, !o.watch);
  else printLines(await paint(statusLines(looked), looked.level));
  return STATUS_EXIT[looked.level];
}

/** The first source that knows the farm; else one that answers without knowing it; else why each does not. */
async function look(places: StatusPlaces, choice: SourceChoice): Promise<Status | Failure[]> {
  const failures: Failure[] = [];
  let ignorant: Status | null = null;
  for (const type of sourceOrder(choice)) {
    try {
      const start = performance.now();
      const { farm, address } = await askSource(type, places);
      const answeredMs = Math.round(performance.now() - start);
      const answers = await askEdges(farm);
      const at = new Date().toISOString();
      const shown = sumUp(farm, answers, { at, type, address, answeredMs, tried: triedOf(failures) });
      if (shown.level !== 'unknown') return shown;
      ignorant ??= shown;
      const why = 'it knows nothing of the farm';
      failures.push({ type, error: new DolphinError('E_UNREACHABLE', { what: type, address, why }) });
    } catch (error) {
      if (!(error instanceof DolphinError)) throw error;
      failures.push({ type, error });
    }
  }
  return ignorant ?? failures;
}

function triedOf(failures: readonly Failure[]): Status['source']['tried'] {
  return failures.map(({ type, error }) => ({ type, why: error.message }));
}
