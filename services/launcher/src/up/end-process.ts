import { systemClock } from '@dolphin/runtime';
import { isAlive, type ProcessId, signalProcess } from '../process/proc.js';

/** How long a program may take to end cleanly: the pod kills edges that do not end within 8 s. */
export const STOP_DEADLINE_MS = 12_000;
/** After SIGKILL only a process in uninterruptible sleep is still there. */
const KILL_DEADLINE_MS = 2_000;
const POLL_MS = 10;

/** True when the process is gone within `deadlineMs`. */
export async function waitForEnd(id: ProcessId, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (isAlive(id)) {
    if (performance.now() >= end) return false;
    await systemClock.sleep(POLL_MS);
  }
  return true;
}

/** Asks with SIGTERM (or with `ask`), waits, and kills what did not listen. `hurry` ends the waiting. */
export async function endProcess(
  id: ProcessId,
  options: { ask?: (() => Promise<void>) | undefined; hurry?: AbortSignal; deadlineMs?: number } = {},
): Promise<'gone' | 'ended' | 'killed' | 'stuck'> {
  const { ask, hurry, deadlineMs = STOP_DEADLINE_MS } = options;
  if (!isAlive(id)) return 'gone';
  if (!hurry?.aborted) {
    try {
      if (ask) await ask();
      else signalProcess(id, 'SIGTERM');
    } catch {
      signalProcess(id, 'SIGTERM');
    }
    const end = performance.now() + deadlineMs;
    while (!hurry?.aborted && performance.now() < end) {
      if (!isAlive(id)) return 'ended';
      await systemClock.sleep(POLL_MS);
    }
  }
  signalProcess(id, 'SIGKILL');
  return (await waitForEnd(id, KILL_DEADLINE_MS)) ? 'killed' : 'stuck';
}
