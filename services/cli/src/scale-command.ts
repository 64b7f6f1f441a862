import { MAX_EDGES_PER_HOST } from '@dolphin/protocol';
import { type Command, Option } from 'commander';
import type { ScaleBy } from './domain/scaled-spec.js';
import { addSettleOptions, type SettleOptions, settleMs } from './time-options.js';
import { wholeNumber } from './whole-number.js';

export interface ScaleAsked {
  readonly verb: 'scale';
  readonly count: number;
  readonly by: ScaleBy;
  readonly why: string | undefined;
  readonly waitMs: number | null;
}

interface Options extends SettleOptions {
  readonly json?: boolean;
  readonly why?: string;
  readonly perHost?: boolean;
  readonly total?: boolean;
}

export function addScaleVerb(verb: Command, take: (asked: ScaleAsked, json: boolean | undefined) => void): void {
  verb
    .argument('<edges>', 'how many stream edges', wholeNumber({ max: MAX_EDGES_PER_HOST * 100 }))
    .addOption(new Option('--per-host', 'on each host').conflicts('total'))
    .option('--total', 'in all; without either, as the farm counts now')
    .option('--why <text>', 'stands in the log');
  addSettleOptions(verb).action((count: number, o: Options) => {
    const by = o.perHost ? 'per host' : o.total ? 'total' : 'as it is';
    take({ verb: 'scale', count, by, why: o.why, waitMs: settleMs(o) }, o.json);
  });
}
