import { podState, stopPod } from '../http/pod-socket.js';
import { commandOf, identify, type ProcessId, processesIn } from '../process/proc.js';
import { endProcess } from './end-process.js';
import type { Places } from './places.js';
import { type PartName, type RunRecord, STOP_ORDER } from './run-record.js';

export interface EndedPart {
  readonly name: PartName;
  readonly pid: number;
  readonly outcome: 'ended' | 'killed' | 'stuck';
}

/** Ends what a killed `up` left, in order. `keepPod`: the pod serves viewers, and the next worker adopts it. */
export async function endLeftovers(
  parts: RunRecord['parts'],
  places: Places,
  options: { keepPod: boolean; hurry?: AbortSignal },
): Promise<EndedPart[]> {
  const ended: EndedPart[] = [];
  for (const name of STOP_ORDER) {
    // A pod that came after the last record still answers on its socket.
    const id = parts[name] ?? (name === 'pod' && !options.keepPod ? await runningPod(places) : null);
    if (!id || (name === 'pod' && options.keepPod)) continue;
    const ask = name === 'pod' ? () => askPodToStop(places) : undefined;
    const outcome = await endProcess(id, { ask, ...(options.hurry && { hurry: options.hurry }) });
    if (outcome !== 'gone') ended.push({ name, pid: id.pid, outcome });
  }
  return ended;
}

/**
 * The pod of this directory: by its own word, or, while it does not answer (it is starting, or frozen), the pod process
 * that works in exactly this directory. A worker that is stopped at once may leave one that has written nothing yet.
 */
export async function runningPod(places: Places): Promise<ProcessId | null> {
  const state = await podState(places.podSocket);
  if (state) return identify(state.pid);
  return processesIn(places.worker).find(({ pid }) => commandOf(pid)?.includes('dolphin-pod')) ?? null;
}

export async function askPodToStop(places: Places): Promise<void> {
  if (!(await stopPod(places.podSocket))) throw new Error('the pod did not take the stop');
}
