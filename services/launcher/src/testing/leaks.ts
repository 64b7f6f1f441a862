import { readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '@dolphin/runtime';
import { commandOf, identify, type ProcessId, signalProcess } from '../process/proc.js';

/** The mark of a test run in the environment of everything that it starts, directly or not. */
export const RUN_MARK = 'DOLPHIN_TEST_RUN';
/** What was killed a moment ago may still be on its way out, on a busy machine for seconds. */
const GRACE_MS = 15_000;

export interface Leak extends ProcessId {
  readonly command: string;
}

/** Processes of the run that are still there after a grace; they are killed, by pid and start time. */
export async function endLeaks(run: string): Promise<Leak[]> {
  const end = performance.now() + GRACE_MS;
  let found = marked(run);
  while (found.length > 0 && performance.now() < end) {
    await systemClock.sleep(50);
    found = marked(run);
  }
  const leaks = found.map((id) => ({ ...id, command: commandOf(id.pid) ?? 'unknown' }));
  for (const leak of leaks) signalProcess(leak, 'SIGKILL');
  return leaks;
}

function marked(run: string): ProcessId[] {
  const mark = `${RUN_MARK}=${run}`;
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark)) return [];
    } catch {
      return [];
    }
    const id = identify(Number(name));
    return id ? [id] : [];
  });
}
