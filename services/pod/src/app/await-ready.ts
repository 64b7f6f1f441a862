import type { EdgeProbe, Timers } from './ports.js';

/** SRS starts in 27 ms, Node in 200; a loaded machine needs more. */
export const READY_WITHIN_MS = 10_000;
/** A probe right after the start would only meet a closed port; each later one costs the edge a connection. */
const PROBE_EVERY_MS = 20;

/**
 * Waits until the private API of process `pid` answers and it has said `hello`, if it is to say so. `late`: no answer
 * within READY_WITHIN_MS. `over`: it does not start any more.
 */
export async function awaitReady(o: {
  probe: EdgeProbe;
  timers: Timers;
  apiPort: number;
  pid: number;
  isStarting: () => boolean;
  helloIsAwaited: () => boolean;
}): Promise<'ready' | 'late' | 'over'> {
  const { timers, probe } = o;
  const deadline = timers.monotonic() + READY_WITHIN_MS;
  let answered = false;
  while (o.isStarting()) {
    answered ||= await probe.answers(o.apiPort, o.pid);
    const isLate = timers.monotonic() >= deadline;
    // Without its `hello` a built-in edge is relayed to, which nobody wants; one that comes later counts as well.
    if (answered && (!o.helloIsAwaited() || isLate)) return o.isStarting() ? 'ready' : 'over';
    if (isLate) return o.isStarting() ? 'late' : 'over';
    await new Promise<void>((resolve) => timers.after(PROBE_EVERY_MS, resolve));
  }
  return 'over';
}
