import { RATE_WINDOW_MS } from './clients.js';
import type { ServerContext, TroubleCounts } from './server.js';

const WATCH_MS = 1000;
/** Troubles are counted at once and told at this pace: a thousand bad clients are one line. */
const TELL_MS = 10_000;

/** Looks after the streams each second, measures rates, and tells of troubles. The answer ends it. */
export function keepWatch(context: ServerContext): () => void {
  const { timers, log, trouble } = context;
  let told: TroubleCounts = { ...trouble };
  let measuredMs = timers.now();
  let toldMs = timers.now();
  let cancel = () => {};
  const turn = () => {
    const nowMs = timers.now();
    context.streams.watch(nowMs);
    if (nowMs - measuredMs >= RATE_WINDOW_MS) {
      measuredMs = nowMs;
      context.clients.measure();
    }
    if (nowMs - toldMs >= TELL_MS) {
      toldMs = nowMs;
      const names = Object.keys(trouble) as (keyof TroubleCounts)[];
      const moved = names.filter((name) => trouble[name] !== told[name]);
      if (moved.length > 0) log.warn(Object.fromEntries(moved.map((name) => [name, trouble[name]])), 'troubles so far');
      told = { ...trouble };
    }
    cancel = timers.after(WATCH_MS, turn);
  };
  cancel = timers.after(WATCH_MS, turn);
  return () => cancel();
}
