import type { Command } from 'commander';
import { addSettleOptions, type SettleOptions, settleMs } from './time-options.js';
import { wholeNumber } from './whole-number.js';

export interface HistoryAsked {
  readonly verb: 'history';
}

export interface RollbackAsked {
  readonly verb: 'rollback';
  readonly to: number;
  readonly why: string | undefined;
  readonly ifMatch: number | undefined;
  readonly waitMs: number | null;
}

interface Options extends SettleOptions {
  readonly json?: boolean;
  readonly why?: string;
  readonly ifMatch?: number;
}

export function addHistoryVerb(verb: Command, take: (asked: HistoryAsked, json: boolean | undefined) => void): void {
  verb.action((o: { json?: boolean }) => take({ verb: 'history' }, o.json));
}

export function addRollbackVerb(verb: Command, take: (asked: RollbackAsked, json: boolean | undefined) => void): void {
  const version = wholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER });
  verb
    .argument('<version>', 'of the specification that is to hold again, as history lists them', version)
    .option('--why <text>', 'stands in the log')
    .option('--if-match <version>', 'only if the farm is at this spec version', version);
  addSettleOptions(verb).action((to: number, o: Options) => {
    take({ verb: 'rollback', to, why: o.why, ifMatch: o.ifMatch, waitMs: settleMs(o) }, o.json);
  });
}
