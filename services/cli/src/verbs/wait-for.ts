import type { FarmView } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import type { MasterApi } from '../http/master-api.js';

/** A master answers from memory, and shows what happens within a second. */
const POLL_MS = 250;

export interface WaitFor<T> {
  /** What is waited for, in words. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Not null: it is so. May throw: it never will be. */
  readonly look: (view: FarmView) => T | null;
  /** How it is meanwhile, for the error. */
  readonly meanwhile?: (view: FarmView) => string;
}

/** Asks again until it is so; masters that do not answer are waited for, too. Throws E_WAIT_TIMEOUT, and what `look` throws. */
export async function waitFor<T>(api: MasterApi, o: WaitFor<T>): Promise<T> {
  const end = performance.now() + o.timeoutMs;
  let state = 'nobody was asked';
  for (;;) {
    try {
      const view = await api.farm();
      const found = o.look(view);
      if (found !== null) return found;
      state = o.meanwhile?.(view) ?? `spec ${view.specVersion}, ${progress(view)}`;
    } catch (error) {
      if (!(error instanceof DolphinError) || !error.retryable) throw error;
      state = error.message;
    }
    const leftMs = end - performance.now();
    if (leftMs <= 0) {
      throw new DolphinError('E_WAIT_TIMEOUT', { what: `${o.what} (at last: ${state})`, timeoutMs: o.timeoutMs });
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, leftMs)));
  }
}

function progress({ settled, update }: FarmView): string {
  if (update?.state === 'running') return `${update.done} of ${update.edges} edges changed`;
  return settled ? 'settled' : 'not settled';
}

/** Until the farm is what this version of its specification asks for. Throws E_UPDATE_STOPPED, too. */
export function waitSettled(api: MasterApi, specVersion: number, timeoutMs: number): Promise<FarmView> {
  return waitFor(api, {
    what: `the farm settled at spec ${specVersion}`,
    timeoutMs,
    look: (view) => {
      const { update } = view;
      if (update?.specVersion === specVersion && update.state === 'stopped') {
        throw new DolphinError('E_UPDATE_STOPPED', { specVersion, why: update.why ?? 'it was not said why' });
      }
      return view.specVersion >= specVersion && view.settled ? view : null;
    },
  });
}
