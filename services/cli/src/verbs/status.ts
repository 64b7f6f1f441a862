import type { SourceChoice } from '../domain/source-order.js';
import { STATUS_EXIT } from '../domain/status-level.js';
import { statusLines } from '../domain/status-lines.js';
import { printJson, printLines } from './output.js';
import { paint } from './paint.js';
import { look, printSilence, type StatusPlaces } from './status-look.js';

export interface StatusOptions {
  readonly json: boolean;
  readonly watch: boolean;
  readonly source: SourceChoice;
}

/** Control plane → private ports → each edge → summed up. Gives the exit code. */
export async function status(places: StatusPlaces, o: StatusOptions): Promise<number> {
  if (o.watch) return (await import('./watch-status.js')).watchStatus(places, o);
  const looked = await look(places, o.source);
  if (Array.isArray(looked)) return printSilence(looked, { json: o.json, pretty: true });
  if (o.json) printJson(looked);
  else printLines(await paint(statusLines(looked), looked.level));
  return STATUS_EXIT[looked.level];
}
