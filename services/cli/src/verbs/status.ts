import { DolphinError } from '@dolphin/protocol/plain.js';
import { STATUS_SCHEMA, type Status, sumUp } from '../domain/status.js';
import { STATUS_EXIT } from '../domain/status-level.js';
import { statusLines } from '../domain/status-lines.js';
import { askEdges } from '../http/ask-edges.js';
import { askFarm } from '../http/ask-farm.js';
import type { MasterClient } from '../http/master-client.js';
import { printJson, printLines, say } from './output.js';
import { paint } from './paint.js';

/** The view changes every second. */
const WATCH_MS = 2_000;
const CLEAR = '\u001b[H\u001b[2J';

/** Global port → private ports → each edge → summed up. Gives the exit code. */
export async function status(client: MasterClient, o: { json: boolean; watch: boolean }): Promise<number> {
  for (;;) {
    const code = await once(client, o);
    if (!o.watch) return code;
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

async function once(client: MasterClient, o: { json: boolean; watch: boolean }): Promise<number> {
  const looked = await look(client);
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

async function look(client: MasterClient): Promise<Status | DolphinError> {
  const start = performance.now();
  try {
    const { value: view, address } = await askFarm(client);
    const answeredMs = Math.round(performance.now() - start);
    const answers = await askEdges(view.edges);
    return sumUp(view, answers, { at: new Date().toISOString(), address, answeredMs });
  } catch (error) {
    if (error instanceof DolphinError) return error;
    throw error;
  }
}
