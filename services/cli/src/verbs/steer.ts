import type { OperatorAnswer } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { type DrainProgress, drainLine, drainProgress } from '../domain/drain-progress.js';
import type { MasterApi } from '../http/master-api.js';
import type { SteerAsked } from '../steer-commands.js';
import { printJson, printLines, say } from './output.js';
import { asker } from './who.js';

/** A master shows what happens within a second. */
const MONITOR_MS = 500;

/** Does something to a host or an edge, and says what became of it. Throws DolphinError. */
export async function steer(api: MasterApi, o: SteerAsked & { readonly json: boolean }): Promise<number> {
  const { call, json } = o;
  const { changed, sequence } = await ask(api, o);
  const edge = 'edge' in call ? call.edge : undefined;
  const what = edge === undefined ? call.host : `${call.host} ${edge}`;
  const words = changed ? `${call.action} of ${what}: sequence ${sequence}` : `nothing changed: ${what} is so already`;
  if (o.monitor) {
    say(words);
    return monitor(api, call.host, sequence, json);
  }
  const { action, host } = call;
  if (json)
    printJson({ schema: 'dolphin.steer/1', action, host, ...(edge !== undefined && { edge }), changed, sequence });
  else printLines([words]);
  return 0;
}

function ask(api: MasterApi, { call, why, deadlineMs }: SteerAsked): Promise<OperatorAnswer> {
  const request = asker(why);
  switch (call.action) {
    case 'remove':
      return api.removeHost(call.host, request);
    case 'drain':
    case 'restart':
      return api.steer(call, { ...request, ...(deadlineMs !== undefined && { deadlineMs }) });
    case 'cordon':
    case 'uncordon':
    case 'undrain':
    case 'kill':
      return api.steer(call, request);
    default:
      return never(call);
  }
}

/** A line whenever there is less left, until it is over; masters that do not answer are waited for. Throws E_NOT_DRAINING. */
async function monitor(api: MasterApi, host: string, sequence: number, json: boolean): Promise<number> {
  let shown = '';
  for (;;) {
    const progress = await look(api, host, sequence);
    const key = JSON.stringify(progress);
    if (progress !== null && key !== shown) {
      shown = key;
      if (json) printJson({ schema: 'dolphin.drain/1', at: new Date().toISOString(), host, ...progress }, false);
      else printLines([drainLine(host, progress, Date.now())]);
    }
    if (progress?.state === 'drained') return 0;
    if (progress?.state === 'taken back') {
      throw new DolphinError('E_NOT_DRAINING', { edge: `host ${host}`, why: 'its drain was taken back' });
    }
    await new Promise((resolve) => setTimeout(resolve, MONITOR_MS));
  }
}

/** Null: no master knows now. */
async function look(api: MasterApi, host: string, sequence: number): Promise<DrainProgress | null> {
  try {
    return drainProgress(await api.farm(), host, sequence);
  } catch (error) {
    if (!(error instanceof DolphinError) || !error.retryable) throw error;
    return null;
  }
}

function never(call: never): never {
  throw new TypeError(`no such call: ${JSON.stringify(call)}`);
}
