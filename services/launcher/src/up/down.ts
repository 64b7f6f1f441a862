import { existsSync } from 'node:fs';
import { signalProcess } from '../process/proc.js';
import type { Terminal } from '../terminal.js';
import { waitForEnd } from './end-process.js';
import { endLeftovers } from './leftovers.js';
import { placesIn } from './places.js';
import { RunRecordFile } from './run-record.js';

/** `up` stops seven parts, each with its own deadline; in practice it takes a second. */
const UP_DEADLINE_MS = 60_000;

/** Stops a running `up` and what a killed one left. False: nothing was there. */
export async function down(dir: string | undefined, terminal: Terminal): Promise<boolean> {
  const places = placesIn(dir);
  if (!existsSync(places.dir)) return nothing(places.dir, terminal);
  const record = new RunRecordFile(places.dir);
  const { up } = record.read();
  if (up) {
    await terminal.step('up', `pid ${up.pid}`, async () => {
      signalProcess(up, 'SIGTERM');
      if (await waitForEnd(up, UP_DEADLINE_MS)) return;
      terminal.say(`up (pid ${up.pid}) does not end and is killed`);
      signalProcess(up, 'SIGKILL');
      await waitForEnd(up, UP_DEADLINE_MS);
    });
  }
  const ended = await endLeftovers(record.read().parts, places, { keepPod: false });
  for (const { name, pid, outcome } of ended) terminal.say(`  ${name}, pid ${pid}: ${outcome}`);
  if (!up && ended.length === 0) return nothing(places.dir, terminal);
  record.release();
  return true;
}

function nothing(dir: string, terminal: Terminal): false {
  terminal.say(`nothing runs in ${dir}`);
  return false;
}
