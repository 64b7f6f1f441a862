import type { Command } from 'commander';
import { addSettleOptions, type SettleOptions, settleMs } from './time-options.js';
import { wholeNumber } from './whole-number.js';

export interface ApplyAsked {
  readonly verb: 'apply';
  readonly file: string;
  readonly why: string | undefined;
  readonly ifMatch: number | undefined;
  readonly dryRun: boolean;
  readonly waitMs: number | null;
}

interface Options extends SettleOptions {
  readonly json?: boolean;
  readonly file: string;
  readonly why?: string;
  readonly ifMatch?: number;
  readonly dryRun?: boolean;
}

export function addApplyVerb(verb: Command, take: (asked: ApplyAsked, json: boolean | undefined) => void): void {
  verb
    .requiredOption('-f, --file <file>', 'a farm specification, as conf/farm.yaml')
    .option('--why <text>', 'stands in the log')
    .option(
      '--if-match <version>',
      'only if the farm is at this spec version',
      wholeNumber({ max: Number.MAX_SAFE_INTEGER }),
    )
    .option('--dry-run', 'nothing is applied: what would be done is shown, as plan does');
  addSettleOptions(verb).action((o: Options) => {
    const { file, why, ifMatch, dryRun = false } = o;
    take({ verb: 'apply', file, why, ifMatch, dryRun, waitMs: settleMs(o) }, o.json);
  });
}
