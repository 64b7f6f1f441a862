import { connectBus } from '@dolphin/eventlog';
import { FarmView, MAX_VIEW_BYTES, subjectsOf } from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import { isNewer } from '../domain/newest-view.js';
import type { BusPlace } from '../files/find-farm.js';
import { readJson } from './read-json.js';

export interface HeardView {
  readonly view: FarmView;
  /** Since it was heard. */
  ageMs(): number;
}

/** What the leader tells of the farm. Of what comes while nobody asks for it, the newest is kept. */
export interface FarmFeed {
  readonly url: string;
  /** One that was not given before; null: none came in time, or `signal` aborted. */
  next(patienceMs: number, signal: AbortSignal): Promise<HeardView | null>;
  close(): Promise<void>;
}

/** Throws E_BUS_UNAVAILABLE. Later it waits for a server that is away. */
export async function openFarmFeed({ url, farm, credentials }: BusPlace): Promise<FarmFeed> {
  const bus = await connectBus(url, { name: 'cli watch', credentials, logger: silentLogger(), waitForFirst: false });
  let newest: FarmView | null = null;
  let waiting: HeardView | null = null;
  let wake: () => void = () => undefined;
  try {
    bus.subscribe(subjectsOf(farm).farm, {
      callback: (error, { data }) => {
        const view = error ? null : readJson(FarmView, data, MAX_VIEW_BYTES);
        if (view === null || !isNewer(view, newest)) return;
        newest = view;
        const heardAt = performance.now();
        waiting = { view, ageMs: () => Math.round(performance.now() - heardAt) };
        wake();
      },
    });
  } catch (error) {
    await bus.close();
    throw error;
  }
  const take = (): HeardView | null => {
    const taken = waiting;
    waiting = null;
    return taken;
  };
  return {
    url,
    next: async (patienceMs, signal) => {
      if (waiting === null && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, patienceMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
        signal.removeEventListener('abort', wake);
      }
      return take();
    },
    close: () => bus.close(),
  };
}
