import { DolphinError } from '@dolphin/protocol';
import { STATUS_SCHEMA, type Status, sumUp } from '../domain/status.js';
import { STATUS_EXIT } from '../domain/status-level.js';
import { statusLines } from '../domain/status-lines.js';
import { askEdges } from '../http/ask-edges.js';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines, say } from './output.js';
import { paint } from './paint.js';

/** The view changes every second. */
const WATCH_MS = 2_000;
const CLEAR = '\u001b[H\u001b[2J';

/** Global port → private ports → each edge → summed up. Gives the exit code. */
export async function status(api: MasterApi, o: { json: boolean; watch: boolean }): Promise<number> {
  for (;;) {
    const code = await once(api, o);
    if (!o.watch) return code;
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

async function once(api: MasterApi, o: { json: boolean; watch: boolean }): Promise<number> {
  const looked = await look(api);
  if (o.watch && !o.json && process.stdout.isTTY) process.stdout.write(CLEAR);
  if (looked instanceof DolphinError) {
    say(`unknown: ${looked.message}`);
    const { error } = looked.toAnswer();
    if (o.json) printJson({ schema: STATUS_SCHEMA, at: new Date().toISOString(), level: 'unknown', error }, !o.watch);
    return STATUS_EXIT.unknown;
  }
  if (o.json) printJson(looked, !o.watch);
  else printLines(await paint(statusLines(looked), looked.level));
  return STATUS_EXIT[looked.level];
}

async function look(api: MasterApi): Promise<Status | DolphinError> {
  const start = performance.now();
  try {
    const view = await api.farm();
    const answeredMs = Math.round(performance.now() - start);
    const answers = await askEdges(view);
    return sumUp(view, answers, { at: new Date().toISOString(), address: api.address, answeredMs });
  } catch (error) {
    if (error instanceof DolphinError) return error;
    throw error;
  }
}
