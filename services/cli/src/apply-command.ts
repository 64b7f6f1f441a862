import type { Command } from 'commander';
import { laterOption, refuseLater } from './later-option.js';
import { wholeNumber } from './whole-number.js';

export interface ApplyAsked {
  readonly verb: 'apply';
  readonly file: string;
  readonly why: string | undefined;
  readonly ifMatch: number | undefined;
}

interface Options {
  readonly json?: boolean;
  readonly file: string;
  readonly why?: string;
  readonly ifMatch?: number;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
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
    .addOption(laterOption('--dry-run'))
    .addOption(laterOption('--wait'))
    .action((o: Options) => {
      refuseLater(o.dryRun, '--dry-run');
      refuseLater(o.wait, '--wait');
      take({ verb: 'apply', file: o.file, why: o.why, ifMatch: o.ifMatch }, o.json);
    });
}
